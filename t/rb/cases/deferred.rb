# Deferred: Promises/A+ in Ruby's spelling, and what is made of several.
class Thenable
  def initialize(v, ok = true) @v = v; @ok = ok end
  def then(yes, no) @ok ? yes.call(@v) : no.call(@v); yes.call("second"); raise "ignored" end
end
class BadThenable
  def then(_yes, _no) raise "bad thenable" end
end

Cloud.function("value") { Deferred.resolve(5) }
Cloud.function("chain") { Deferred.resolve(1).then { |v| v + 1 }.then { |v| Deferred.delay(1, v * 10) }.then { |v| v + 1 } }
Cloud.function("caught") { Deferred.reject("no").catch { |e| "caught #{e}" } }
Cloud.function("skipped") { Deferred.resolve(1).catch { |e| 2 }.then { |v| v } }
Cloud.function("passed") { Deferred.reject(ArgumentError.new("x")).then { |v| 1 }.then { |v| 2 } }
Cloud.function("two") { Deferred.reject("r").then(proc { 1 }, proc { |e| "second #{e}" }) }
Cloud.function("raising") { Deferred.resolve(1).then { |v| raise "in then" } }
Cloud.function("string") { Deferred.reject("just text") }
Cloud.function("awaited_reason") { begin; Deferred.reject([1, 2]).await; rescue Deferred::Rejected => e; e.reason; end }
Cloud.function("await_raises") { begin; Deferred.reject(KeyError.new("k")).await; rescue KeyError => e; "rescued #{e.message}"; end }
Cloud.function("once") { Deferred.new { |yes, no| yes.call(1); yes.call(2); no.call(3) } }
Cloud.function("late") { d = nil; x = Deferred.new { |yes, _| d = yes }; Deferred.delay(1).then { d.call("now") }; x }
Cloud.function("executor") { Deferred.new { |yes, no| raise "in new" } }
Cloud.function("self") do
  settle = nil
  d = Deferred.new { |yes, _| settle = yes }
  settle.call(d)
  d
end
Cloud.function("self_then") { d = nil; d = Deferred.resolve(1).then { d }; d }
Cloud.function("order") do
  out = []
  d = Deferred.resolve(0)
  d.then { out << 1 }
  d.then { out << 2 }
  d.then { out << 3 }
  out << 0
  Deferred.delay(0).then { out }
end
Cloud.function("thenable") { Deferred.resolve(Thenable.new(7)) }
Cloud.function("thenable_no") { Deferred.resolve(1).then { Thenable.new("why", false) } }
Cloud.function("thenable_bad") { Deferred.resolve(BadThenable.new) }
Cloud.function("finally") do
  out = []
  Deferred.resolve(1).finally { out << :f; 99 }.then { |v| out << v; Deferred.reject("e").finally { out << :g } }.catch { |e| out << e; out }
end
Cloud.function("finally_raises") { Deferred.resolve(1).finally { raise "in finally" } }
Cloud.function("finally_waits") { Deferred.resolve(1).finally { Deferred.delay(1) } }
Cloud.function("all") { Deferred.all([1, Deferred.delay(2, 2), Deferred.delay(1, 3)]) }
Cloud.function("all_none") { Deferred.all([]) }
Cloud.function("all_no") { Deferred.all([Deferred.delay(5), Deferred.reject("first")]) }
Cloud.function("settled") { Deferred.all_settled([1, Deferred.reject("x"), Deferred.delay(1, 2)]) }
Cloud.function("any") { Deferred.any([Deferred.reject("x"), Deferred.delay(2, 2), Deferred.delay(1, 1)]) }
Cloud.function("any_no") { Deferred.any([Deferred.reject("x"), Deferred.reject("y")]).catch { |e| [e.class.to_s, e.errors] } }
Cloud.function("race") { Deferred.race([Deferred.delay(5, "slow"), Deferred.delay(1, "fast")]) }
Cloud.function("race_no") { Deferred.race([Deferred.delay(5, "slow"), Deferred.delay(1).then { raise "lost" }]) }
Cloud.function("timeout") { Deferred.delay(5).timeout(1) }
Cloud.function("in_time") { Deferred.delay(1, "ok").timeout(5) }
Cloud.function("states") do
  a = Deferred.delay(1, 3)
  b = Deferred.reject("r")
  b.catch { nil }
  before = [a.pending?, a.fulfilled?, a.value]
  a.await
  before + [a.pending?, a.fulfilled?, a.value, a.rejected?, b.rejected?, b.reason, b.inspect, a.inspect]
end
Cloud.function("callback") { Deferred.new { |yes, _| Deferred.delay(1, 4) { |e, v| yes.call([e, v]) } } }
Cloud.function("async") { a = async { Deferred.delay(1).await; 1 }; b = async { Deferred.delay(1).await; 2 }; a.await + b.await }
Cloud.function("async_raises") { async { raise IndexError, "inside" } }
Cloud.function("async_value") { async { Deferred.delay(1, 8) } }
Cloud.function("then_awaits") { Deferred.resolve(1).then { |v| v + Deferred.delay(1, 1).await } }
Cloud.function("deep") { d = Deferred.resolve(0); 3000.times { d = d.then { |v| v + 1 } }; d }
Cloud.function("not_a_list") { Deferred.all(5) }
Cloud.function("no_block") { Deferred.new }
Cloud.function("thens") { [1.respond_to?(:then), nil.respond_to?(:then), {}.respond_to?(:yield_self)] }
class Says
  def initialize(&says) @says = says end
  def respond_to?(name) name == :then ? @says.call : super end
  def then(yes, _no) yes.call("asked") end
end
class Proxy
  def respond_to_missing?(name, _all) name == :then end
  def method_missing(name, *args) name == :then ? args[0].call("by proxy") : super end
end
class Blank < BasicObject; end
class BlankThenable < BasicObject
  def then(yes, _no) yes.call("blank") end
end
Cloud.function("says_yes") { Deferred.resolve(Says.new { true }) }
Cloud.function("says_no") { Deferred.resolve(Says.new { false }).then { |v| v.class.to_s } }
Cloud.function("says_raise") { Deferred.resolve(Says.new { raise "do not ask" }) }
Cloud.function("proxy") { Deferred.resolve(Proxy.new) }
Cloud.function("blank") { Deferred.resolve(Blank.new).then { |v| Blank === v } }
Cloud.function("blank_thenable") { Deferred.resolve(BlankThenable.new) }
Cloud.function("not_callable") { Deferred.reject("r").then(5, "x").catch(7).then(nil, nil).catch { |e| [e, 1] } }
Cloud.function("pair") { Deferred.resolve([1, 2]).then { |a, b| [b, a] } }
Cloud.function("circle") do
  a = b = nil
  x = Deferred.new { |yes, _| a = yes }
  y = Deferred.new { |yes, _| b = yes }
  a.call(y)
  b.call(x)
  Deferred.all_settled([x, y]).then { |l| l.map { |o| o["reason"].class.to_s } }
end
Cloud.function("own_child") { d = nil; d = Deferred.delay(1).then { d.then { 1 } } }
Cloud.function("frozen") { d = Deferred.delay(1, 1).freeze; d.then { |v| v + 1 }.freeze }
Cloud.function("finally_bare") { Deferred.resolve(1).finally(5) }
Cloud.function("copied") { Deferred.delay(0).detach.dup }

# run: value {}
# want: done 5
# run: chain {}
# want: done 21
# run: caught {}
# want: done "caught no"
# run: skipped {}
# want: done 1
# run: passed {}
# want: failed RAISED ArgumentError: x
# run: two {}
# want: done "second r"
# run: raising {}
# want: failed RAISED RuntimeError: in then
# run: string {}
# want: failed RAISED Deferred::Rejected: just text
# run: awaited_reason {}
# want: done [1,2]
# run: await_raises {}
# want: done "rescued k"
# run: once {}
# want: done 1
# run: late {}
# want: done "now"
# run: executor {}
# want: failed RAISED RuntimeError: in new
# run: self {}
# want: failed RAISED TypeError: a deferred cannot be resolved with itself
# run: self_then {}
# want: failed RAISED TypeError: a deferred cannot be resolved with itself
# run: order {}
# want: done [0,1,2,3]
# run: thenable {}
# want: done 7
# run: thenable_no {}
# want: failed RAISED Deferred::Rejected: why
# run: thenable_bad {}
# want: failed RAISED RuntimeError: bad thenable
# run: finally {}
# want: done ["f",1,"g","e"]
# run: finally_raises {}
# want: failed RAISED RuntimeError: in finally
# run: finally_waits {}
# want: done 1
# run: all {}
# want: done [1,2,3]
# run: all_none {}
# want: done []
# run: all_no {}
# want: failed RAISED Deferred::Rejected: first
# run: settled {}
# want: done [{"status":"fulfilled","value":1},{"status":"rejected","reason":"x"},{"status":"fulfilled","value":2}]
# run: any {}
# want: done 1
# run: any_no {}
# want: done ["Deferred::AggregateError",["x","y"]]
# run: race {}
# want: done "fast"
# run: race_no {}
# want: failed RAISED RuntimeError: lost
# run: timeout {}
# want: failed RAISED Cloud::Timeout: not settled within 1 s
# run: in_time {}
# want: done "ok"
# run: states {}
# want: done [true,false,null,false,true,3,false,true,"r","#<Deferred rejected \"r\">","#<Deferred fulfilled 3>"]
# run: callback {}
# want: done [null,4]
# run: async {}
# want: done 3
# run: async_raises {}
# want: failed RAISED IndexError: inside
# run: async_value {}
# want: done 8
# run: then_awaits {}
# want: done 2
# run: deep {}
# want: done 3000
# run: not_a_list {}
# want: failed RAISED ArgumentError: Deferred.all takes a list of deferreds, not a Integer
# run: no_block {}
# want: failed RAISED ArgumentError: Deferred.new needs a block { |resolve, reject| ... }
# run: thens {}
# want: done [false,false,false]
# run: says_yes {}
# want: done "asked"
# run: says_no {}
# want: done "Says"
# run: says_raise {}
# want: failed RAISED RuntimeError: do not ask
# run: proxy {}
# want: done "by proxy"
# run: blank {}
# want: done true
# run: blank_thenable {}
# want: done "blank"
# run: not_callable {}
# want: done ["r",1]
# run: pair {}
# want: done [2,1]
# run: circle {}
# want: done ["TypeError","TypeError"]
# run: own_child {}
# want: failed RAISED TypeError: a deferred cannot be resolved with one that waits for it: neither would ever settle
# run: frozen {}
# want: done 2
# run: copied {}
# want: failed RAISED TypeError: a Deferred cannot be copied
# run: finally_bare {}
# want: failed RAISED ArgumentError: finally needs a block
