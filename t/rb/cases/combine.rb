# What ECMAScript says of all, all_settled, any and race, and what deferd adds: losers.
class Thenable
  def initialize(v, ok = true) @v = v; @ok = ok end
  def then(yes, no) @ok ? yes.call(@v) : no.call(@v) end
end
class Walk
  include Enumerable
  def initialize(*parts) @parts = parts end
  def each
    @parts.each { |x| x == :raise ? raise(IndexError, "each") : yield(x == :wait ? Deferred.delay(1, "waited").await : x) }
  end
end
class OnlyEach
  def each() yield 1; yield 2 end
end
module Watch
  # The outcome of each as [ok, value], and what has been handled is not reported.
  def self.of(*list)
    Deferred.all_settled(list).then do |l|
      l.map do |o|
        e = o["reason"]
        e.is_a?(Exception) ? [e.class.to_s, e.message] : o.values
      end
    end
  end
end
NAMES = [:all, :all_settled, :any, :race]
def each_of(list) NAMES.map { |n| Deferred.__send__(n, list) } end

Cloud.function("empty") { all, settled, any, race = each_of([]); Watch.of(all, settled, any.catch { |e| [e.class.to_s, e.errors, e.message] }).then { |l| l << race.pending? } }
Cloud.function("plain") { Watch.of(*each_of([3, nil, "x"])) }
Cloud.function("thenables") { Watch.of(*each_of([Thenable.new(1), Thenable.new(2)])) }
Cloud.function("thenables_no") { Watch.of(Deferred.all([1, Thenable.new("t", false)]), Deferred.race([Thenable.new("u", false)]), Deferred.any([Thenable.new("v", false)]).catch { |e| e.errors }) }
Cloud.function("order") { a = [Deferred.delay(3, "a"), "b", Deferred.delay(1, "c")]; Watch.of(Deferred.all(a), Deferred.any(a), Deferred.race(a)) }
Cloud.function("errors_in_order") { Deferred.any([Deferred.delay(2).then { raise "a" }, Deferred.reject("b"), Deferred.delay(1).then { Deferred.reject("c") }]).catch { |e| e.errors.map { |x| x.to_s } } }
Cloud.function("settled_order") { Watch.of(Deferred.delay(1, 1), Deferred.reject("r"), 3) }
Cloud.function("enumerables") { Watch.of(*[Walk.new(1, 2), OnlyEach.new, (1..2), [1, 2].lazy, [1, 2].each].map { |l| Deferred.all(l) }) }
Cloud.function("each_awaits") { Deferred.all(Walk.new(1, :wait, Deferred.delay(1, 3))) }
Cloud.function("each_raises") { Watch.of(*each_of(Walk.new(Deferred.resolve(1), Deferred.new { |_, _| }, :raise))) }
Cloud.function("each_raises_handled") { each_of(Walk.new(Deferred.reject("seen"), :raise)).each { |d| d.catch { nil } }; 1 }
Cloud.function("each_raises_late") { Deferred.all(Walk.new(Deferred.reject("first"), :wait, :raise)).catch { |e| e } }
Cloud.function("no_list") { Watch.of(*[nil, 5, "text", Deferred.resolve([1])].map { |x| Deferred.all(x) }) }
Cloud.function("hash") { Watch.of(*each_of({ "a" => 1 })) }
Cloud.function("twice") { d = Deferred.delay(1, 7); Deferred.all([d, d, d]) }
Cloud.function("grows") { l = [1]; d = Deferred.all(l); l << Deferred.reject("no part of it").catch { nil }; d }
Cloud.function("own_array") { d = Deferred.all([1, 2]); d.then { |l| l << 3 }; Deferred.delay(1).then { d } }
Cloud.function("later_rejections") { Deferred.all([Deferred.reject("one"), Deferred.reject("two"), Deferred.delay(1).then { raise "three" }]).catch { |e| e } }
Cloud.function("race_first_in_list") { Watch.of(Deferred.race([Deferred.resolve(1), Deferred.reject(2)]), Deferred.race([Deferred.reject(2), 1]), Deferred.race([Deferred.delay(9), 5])) }
Cloud.function("race_follows") { d = Deferred.new { |yes, _| yes.call(Deferred.resolve(1).then { 2 }) }; Deferred.race([d, Deferred.resolve(0).then { 0 }.then { 0 }.then { 0 }]) }
Cloud.function("race_empty") { Deferred.race([]) }
Cloud.function("nested") { Deferred.all([Deferred.all([1, Deferred.all([])]), Deferred.any([Deferred.reject(1), 2]), Deferred.all_settled([])]) }
Cloud.function("any_value_of_losers") { Deferred.any([Deferred.reject("x"), Deferred.delay(1, "v"), Deferred.delay(2).then { puts "never" }]) }
Cloud.function("callbacks") { out = []; NAMES.each { |n| Deferred.__send__(n, [1, 2]) { |e, v| out << v } }; Deferred.all(3) { |e, _| out << e.class.to_s }; Deferred.delay(0).then { out } }
Cloud.function("all_large") { Deferred.all((1..10000).map { |i| i % 2 == 0 ? i : Deferred.delay(i % 7, i) }).then { |l| [l.size, l == (1..10000).to_a] } }
Cloud.function("cancelled_far") { d = Deferred.delay(9); 10000.times { d = d.then { |v| v } }; d.timeout(1).catch { |e| e.class.to_s } }
Cloud.function("cancelled_tree") do
  list = (1..50).map { |i| Deferred.all([Deferred.delay(90 + i).then { puts "never" }, Deferred.race([Deferred.delay(99)])]) }
  kept = Deferred.delay(3, "kept").detach
  kept.then { |v| puts v }
  begin
    Deferred.all(list + [kept]).timeout(1).await
  rescue Cloud::Timeout
    "late"
  end
end

# run: empty {}
# want: done [["fulfilled",[]],["fulfilled",[]],["fulfilled",["Deferred::AggregateError",[],"all deferreds were rejected"]],true]
# run: plain {}
# want: done [["fulfilled",[3,null,"x"]],["fulfilled",[{"status":"fulfilled","value":3},{"status":"fulfilled","value":null},{"status":"fulfilled","value":"x"}]],["fulfilled",3],["fulfilled",3]]
# run: thenables {}
# want: done [["fulfilled",[1,2]],["fulfilled",[{"status":"fulfilled","value":1},{"status":"fulfilled","value":2}]],["fulfilled",1],["fulfilled",1]]
# run: thenables_no {}
# want: done [["rejected","t"],["rejected","u"],["fulfilled",["v"]]]
# run: order {}
# want: done [["fulfilled",["a","b","c"]],["fulfilled","b"],["fulfilled","b"]]
# run: errors_in_order {}
# want: done ["a","b","c"]
# run: settled_order {}
# want: done [["fulfilled",1],["rejected","r"],["fulfilled",3]]
# run: enumerables {}
# want: done [["fulfilled",[1,2]],["fulfilled",[1,2]],["fulfilled",[1,2]],["fulfilled",[1,2]],["fulfilled",[1,2]]]
# run: each_awaits {}
# want: done [1,"waited",3]
# run: each_raises {}
# want: done [["IndexError","each"],["IndexError","each"],["IndexError","each"],["IndexError","each"]]
# run: each_raises_handled {}
# want: done 1
# run: each_raises_late {}
# want: done "first"
# run: no_list {}
# want: done [["ArgumentError","Deferred.all takes a list of deferreds, not a NilClass"],["ArgumentError","Deferred.all takes a list of deferreds, not a Integer"],["ArgumentError","Deferred.all takes a list of deferreds, not a String"],["ArgumentError","Deferred.all takes a list of deferreds, not a Deferred"]]
# run: hash {}
# want: done [["ArgumentError","Deferred.all takes a list of deferreds, not a Hash"],["ArgumentError","Deferred.all_settled takes a list of deferreds, not a Hash"],["ArgumentError","Deferred.any takes a list of deferreds, not a Hash"],["ArgumentError","Deferred.race takes a list of deferreds, not a Hash"]]
# run: twice {}
# want: done [7,7,7]
# run: grows {}
# want: done [1]
# run: own_array {}
# want: done [1,2,3]
# run: later_rejections {}
# want: done "one"
# run: race_first_in_list {}
# want: done [["fulfilled",1],["rejected",2],["fulfilled",5]]
# run: race_follows {}
# want: done 2
# run: race_empty {} timeout=2000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: nested {}
# want: done [[1,[]],2,[]]
# run: any_value_of_losers {}
# want: done "v"
# run: callbacks {}
# want: done ["ArgumentError",[1,2],[{"status":"fulfilled","value":1},{"status":"fulfilled","value":2}],1,1]
# run: all_large {}
# want: done [10000,true]
# run: cancelled_far {}
# want: done "Cloud::Timeout"
# run: cancelled_tree {}
# want: done "late"
# want: log info kept
