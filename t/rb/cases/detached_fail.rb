# conf: detached=fail
# The policy fail: the task fails, what it left is cancelled.
Cloud.function("bad") { Deferred.delay(2).then { puts "counted" }; "done" }
Cloud.function("bad_async") { async { begin; Deferred.delay(9).await; ensure; puts "stopped"; end }; Deferred.delay(1).await; 1 }
Cloud.function("good") { Deferred.delay(2).then { "counted" } }
# run: bad {}
# want: detached fail Deferred.delay detached_fail.rb:3
# want: failed DETACHED Cloud::Detached: the handler ended while deferreds that it made were pending: Deferred.delay at detached_fail.rb:3
# run: bad_async {}
# want: detached fail async detached_fail.rb:4
# want: failed DETACHED Cloud::Detached: *: async at detached_fail.rb:4
# want: log info stopped
# run: good {}
# want: done "counted"
