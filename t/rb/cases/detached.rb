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
# want: detached wait Deferred.delay detached.rb:26
# want: detached wait Deferred.delay detached.rb:26
# want: done null
# run: stuck {} timeout=3000
# want: detached wait async detached.rb:28
# want: failed TIMEOUT Cloud::Timeout: the handler returned, but what it left behind did not end in its time: async at detached.rb:28
# run: many_lines {}
# want: detached wait async detached.rb:31
# want: detached wait Deferred.delay detached.rb:29
# want: unhandled RuntimeError: second (raised at detached.rb:36) detached.rb:34
# want: done 3
