# conf: detached=warn
# The policy warn: the task is done at once, what it left runs on.
Cloud.function("bad") { Deferred.delay(2).then { puts "counted" }; "done" }
Cloud.function("bad_async") { async { Deferred.delay(1).await; raise "late" }; 1 }
# run: bad {}
# want: detached warn Deferred.delay detached_warn.rb:3
# want: done "done"
# want: log info counted
# run: bad_async {}
# want: detached warn async detached_warn.rb:4
# want: done 1
# want: unhandled RuntimeError: late detached_warn.rb:4
# What never ends is ended by the handler's timeout, after its task.
Cloud.function("forever") { async { begin; Deferred.new { |_, _| }.await; ensure; puts "stopped"; end }; 1 }
# run: forever {} timeout=3000
# want: detached warn async detached_warn.rb:14
# want: done 1
# want: log warn what function "forever" left to run on has not ended by its timeout and is cancelled: async at detached_warn.rb:14
# want: log info stopped
