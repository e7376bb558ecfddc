# What a handler leaves behind, with the default policy: the task waits, and says so.
Cloud.function("bad") do |req|
  Deferred.delay(2).then { puts "counted" }
  "done"
end
Cloud.function("bad_async") do
  async { Deferred.delay(1).await; puts "late" }
  1
end
Cloud.function("bad_raise") { Deferred.delay(1); raise "boom" }
Cloud.function("quiet") { Deferred.delay(1).detach.then { puts "after all" }; 1 }
Cloud.function("quiet_chain") { Deferred.delay(1).then { Deferred.delay(1) }.then { puts "end" }.detach; 2 }
Cloud.function("awaited") { a = Deferred.delay(1, 1); b = a.then { |v| v + 1 }; b.await }
Cloud.function("loser") { Deferred.race([Deferred.delay(9), Deferred.delay(1, "won")]).await }
Cloud.function("loser_async") do
  Deferred.race([async { begin; Deferred.delay(9).await; ensure; puts "stopped"; end }, Deferred.delay(1, "won")])
end
Cloud.function("all_loser") { begin; Deferred.all([Deferred.delay(9), Deferred.reject("x")]).await; rescue => e; e.reason; end }
Cloud.function("timed") { Deferred.delay(1, "v").timeout(9).await }
Cloud.function("timed_out") { begin; Deferred.delay(9).timeout(1).await; rescue Cloud::Timeout; "late"; end }
Cloud.function("unhandled") { Deferred.reject("nobody"); 1 }
Cloud.function("unhandled_then") { Deferred.delay(1).then { raise "in a block" }; 1 }
Cloud.function("handled_later") { d = Deferred.reject("x"); Deferred.delay(1).await; d.catch { nil }; 1 }
Cloud.function("half") { a = Deferred.delay(1, 1); Deferred.delay(2).then { puts "b" }; a.await }
Cloud.function("nested") { Cloud.call("bad", {}).await }
Cloud.function("two") { Deferred.delay(1); Deferred.delay(2)
  nil }
Cloud.function("stuck") { async { Deferred.new { |_, _| }.await }; 1 }
Cloud.function("meant_late") { Deferred.delay(99).detach; async { begin; Deferred.delay(98).await; ensure; puts "told"; end }.detach; 1 }
Cloud.function("meant_raises") { async { Deferred.delay(1).await; raise "too late" }.detach; 1 }
Cloud.function("meant_calls") { Cloud.call("sleeper").detach; 1 }
Cloud.function("sleeper") { begin; Deferred.delay(99).await; ensure; puts "woken"; end }
Cloud.function("meant_begun") do
  work = async { Deferred.delay(3).await; Deferred.delay(1).await; puts "async ended" }
  block = Deferred.resolve(1).then { a = async { Deferred.delay(4).await }; b = Deferred.delay(2); b.await; a.await; puts "then ended" }
  Deferred.delay(1).await
  work.detach
  block.detach
  "at once"
end
Cloud.function("meant_settled") { Deferred.resolve(1).then { Deferred.delay(2).await; puts "on its own" }.detach; 1 }
Cloud.function("not_meant") { a = async { Deferred.delay(2).await }; b = async { Deferred.delay(3).await; puts "awaited" }; a.detach; 1 }
def helper(seconds) Deferred.delay(seconds) end
Cloud.function("many_lines") do |req|
  async do
    Deferred.delay(1).await
  end
  helper(1).then do |_|
    nil
    raise "second"
  end
  3
end
Cloud.function("many") { Deferred.delay(2); (1..300).each { |i| async { Deferred.delay(1).await; raise "#{i}" } }; 1 }
Cloud.function("many_places") { eval "Deferred.delay(1)\n" * 100; 1 }

# run: bad {}
# want: detached wait Deferred.delay detached.rb:3
# want: log info counted
# want: done "done"
# run: bad_async {}
# want: detached wait async detached.rb:7
# want: log info late
# want: done 1
# run: bad_raise {}
# want: detached wait Deferred.delay detached.rb:10
# want: failed RAISED RuntimeError: boom
# run: quiet {}
# want: done 1
# want: log info after all
# run: quiet_chain {}
# want: done 2
# want: log info end
# run: awaited {}
# want: done 2
# run: loser {}
# want: done "won"
# run: loser_async {}
# want: log info stopped
# want: done "won"
# run: all_loser {}
# want: done "x"
# run: timed {}
# want: done "v"
# run: timed_out {}
# want: done "late"
# run: unhandled {}
# want: unhandled Deferred::Rejected: nobody detached.rb:21
# want: done 1
# run: unhandled_then {}
# want: detached wait Deferred.delay detached.rb:22
# want: unhandled RuntimeError: in a block detached.rb:22
# want: done 1
# run: handled_later {}
# want: done 1
# run: half {}
# want: detached wait Deferred.delay detached.rb:24
# want: log info b
# want: done 1
# run: nested {}
# want: detached wait Deferred.delay detached.rb:3
# want: log info counted
# want: done "done"
# run: two {}
# want: detached wait Deferred.delay detached.rb:26 x2
# want: done null
# run: stuck {} timeout=3000
# want: detached wait async detached.rb:28
# want: failed TIMEOUT Cloud::Timeout: the handler returned, but what it left behind did not end in its time: async at detached.rb:28
# run: many_lines {}
# want: detached wait async detached.rb:45
# want: detached wait Deferred.delay detached.rb:43
# want: unhandled RuntimeError: second (raised at detached.rb:50) detached.rb:48
# want: done 3
# run: meant_late {} timeout=3000
# want: done 1
# want: log warn what function "meant_late" left to run on has not ended by its timeout and is cancelled: Deferred.delay at detached.rb:29, async at detached.rb:29, Deferred.delay at detached.rb:29
# want: log info told
# run: meant_raises {}
# want: done 1
# want: unhandled RuntimeError: too late detached.rb:30
# run: meant_calls {} timeout=3000
# want: done 1
# want: log warn what function "meant_calls" left to run on has not ended by its timeout and is cancelled: Cloud.call at detached.rb:31
# want: log info woken
# run: meant_begun {}
# want: done "at once"
# want: log info async ended
# want: log info then ended
# run: meant_settled {}
# want: done 1
# want: log info on its own
# run: not_meant {}
# want: detached wait async detached.rb:42
# want: log info awaited
# want: done 1
# run: many {}
# want: detached wait Deferred.delay detached.rb:*
# want: detached wait async detached.rb:* x300
# want: unhandled RuntimeError: 1 *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled *
# want: unhandled RuntimeError: * x280
# want: done 1
# run: many_places {}
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay *
# want: detached wait Deferred.delay (eval):20 and other lines x81
# want: done 1
