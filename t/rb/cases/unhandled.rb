# A rejection that nobody handles is told once, with its place, when the handler has ended;
# it harms nobody.
Cloud.function("plain") { Deferred.reject("nobody"); 1 }
Cloud.function("new") { Deferred.new { |_, no| no.call(IndexError.new("in new")) }; 1 }
Cloud.function("raised") { Deferred.resolve(1).then { raise KeyError, "in then" }; 1 }
Cloud.function("chain") do
  d = Deferred.reject("once")
  d.then { 1 }.then { 2 }
    .then { 3 }
  1
end
Cloud.function("branches") { d = Deferred.reject("twice"); d.then { 1 }; d.then { 2 }; 1 }
Cloud.function("same_turn") { d = Deferred.reject("x"); d.catch { nil }; 1 }
Cloud.function("later") { d = Deferred.reject("x"); Deferred.delay(1).await; d.catch { nil }; 1 }
Cloud.function("awaited_later") { d = Deferred.reject("x"); Deferred.delay(1).await; begin; d.await; rescue Deferred::Rejected; 1; end }
Cloud.function("followed") { d = Deferred.reject("x"); Deferred.resolve(1).then { d }.catch { 1 } }
Cloud.function("listed") { Deferred.all_settled([Deferred.reject("x"), Deferred.reject("y")]).then { 1 } }
Cloud.function("losers") { Deferred.all([Deferred.reject("x"), Deferred.reject("y")]).catch { 1 } }
Cloud.function("finally") { Deferred.reject("through").finally { nil }; 1 }
Cloud.function("finally_raises") { Deferred.resolve(1).finally { raise "in finally" }; 1 }
Cloud.function("after_the_end") { Deferred.delay(1).detach.then { raise "late" }; 1 }
Cloud.function("callback") { Deferred.resolve(1) .then { 1 }; Deferred.delay(0.1) { |_, _| raise "in a callback" }.await; 1 }
Cloud.function("returned") { Deferred.reject("the outcome") }
Cloud.function("with_raise") { Deferred.reject("beside"); raise "the outcome" }
Cloud.function("many") { 300.times { |i| Deferred.reject(i).catch { nil } }; Deferred.reject("the one"); 1 }
Cloud.function("odd_reason") { Deferred.reject(Class.new { def inspect; raise "no"; end }.new); 1 }
Cloud.function("inner") { async { Deferred.reject("of the block"); 1 } }
Cloud.function("nested") { Cloud.call("plain").await }

# run: plain {}
# want: unhandled Deferred::Rejected: nobody unhandled.rb:3
# want: done 1
# run: new {}
# want: unhandled IndexError: in new unhandled.rb:4
# want: done 1
# run: raised {}
# want: unhandled KeyError: in then unhandled.rb:5
# want: done 1
# run: chain {}
# want: unhandled Deferred::Rejected: once unhandled.rb:9
# want: done 1
# run: branches {}
# want: unhandled Deferred::Rejected: twice unhandled.rb:12
# want: unhandled Deferred::Rejected: twice unhandled.rb:12
# want: done 1
# run: same_turn {}
# want: done 1
# run: later {}
# want: done 1
# run: awaited_later {}
# want: done 1
# run: followed {}
# want: done 1
# run: listed {}
# want: done 1
# run: losers {}
# want: done 1
# run: finally {}
# want: unhandled Deferred::Rejected: through unhandled.rb:19
# want: done 1
# run: finally_raises {}
# want: unhandled RuntimeError: in finally unhandled.rb:20
# want: done 1
# run: after_the_end {}
# want: done 1
# want: unhandled RuntimeError: late unhandled.rb:21
# run: callback {}
# want: unhandled RuntimeError: in a callback unhandled.rb:22
# want: done 1
# run: returned {}
# want: failed RAISED Deferred::Rejected: the outcome
# run: with_raise {}
# want: unhandled Deferred::Rejected: beside unhandled.rb:24
# want: failed RAISED RuntimeError: the outcome
# run: many {}
# want: unhandled Deferred::Rejected: the one unhandled.rb:25
# want: done 1
# run: odd_reason {}
# want: unhandled Deferred::Rejected: (its message cannot be told) unhandled.rb:26
# want: done 1
# run: inner {}
# want: unhandled Deferred::Rejected: of the block unhandled.rb:27
# want: done 1
# run: nested {}
# want: unhandled Deferred::Rejected: nobody unhandled.rb:3
# want: done 1
