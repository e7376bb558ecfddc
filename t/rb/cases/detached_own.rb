# conf: detached=warn
# A handler's own word on what it leaves behind counts more than the app's.
Cloud.function("waits", detached: :wait) { Deferred.delay(1).then { puts "counted" }; "done" }
Cloud.function("fails", detached: "fail") { Deferred.delay(1).then { puts "counted" }; "done" }
Cloud.function("warns") { Deferred.delay(1).then { puts "counted" }; "done" }
Cloud.event("event", detached: :fail) { Deferred.delay(1); "done" }
Cloud.job("job", detached: :wait) { Deferred.delay(1); "done" }
class Shop < Cloud::Service
  def sell(req) Deferred.delay(1); "sold" end
  get("/x") { Deferred.delay(1); "x" }
end
Cloud.service "Shop", Shop, detached: :fail
Cloud.function("calls") { Cloud.call("fails").catch { |e| "#{e.class}" } }
Cloud.function("calls_warns", detached: :fail) { Cloud.call("warns") }

# run: waits {}
# want: detached wait Deferred.delay detached_own.rb:3
# want: log info counted
# want: done "done"
# run: fails {}
# want: detached fail Deferred.delay detached_own.rb:4
# want: failed DETACHED Cloud::Detached: *: Deferred.delay at detached_own.rb:4
# run: warns {}
# want: detached warn Deferred.delay detached_own.rb:5
# want: done "done"
# want: log info counted
# run: event {}
# want: detached fail Deferred.delay detached_own.rb:6
# want: failed DETACHED Cloud::Detached: *
# run: job {}
# want: detached wait Deferred.delay detached_own.rb:7
# want: done "done"
# run: Shop/sell {}
# want: detached fail Deferred.delay detached_own.rb:9
# want: failed DETACHED Cloud::Detached: *
# run: "Shop GET /x" {}
# want: detached fail Deferred.delay detached_own.rb:10
# want: failed DETACHED Cloud::Detached: *
# run: calls {}
# want: detached fail Deferred.delay detached_own.rb:4
# want: done "Cloud::Detached"
# run: calls_warns {}
# want: detached warn Deferred.delay detached_own.rb:5
# want: done "done"
# want: log info counted
