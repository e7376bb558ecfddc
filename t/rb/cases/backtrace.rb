# conf: backtrace
# The backtrace goes on where mruby's ends: async and then blocks, nested calls, awaits.
def boom(x) raise "boom #{x}" end
def waits(name)
  Cloud.call(name).await
end
class Work
  def run
    Deferred.delay(1).await
    boom(1)
  end
end
Cloud.function("plain") do |req|
  [1].each { |x|
    Work.new.run }
end
Cloud.function("in_async") do
  work = async do
    Work.new.run
  end
  Deferred.delay(2).await
  work.await
end
Cloud.function("in_then") do
  Deferred.delay(1)
    .then { Work.new.run }
    .then { 2 }
end
Cloud.function("nested") { waits("in_async") }
Cloud.function("deeper") { async { waits("nested") }.await }
Cloud.function("twice") do
  work = async { Work.new.run }
  begin; waits("ok"); work.await; rescue => e; e; end
  begin
    Deferred.all([work]).await
  rescue => e
    raise e
  end
end
Cloud.function("ok") { 1 }
Cloud.function("anew") { begin; waits("nested"); rescue => e; raise ArgumentError, "in short: #{e.message}"; end }
Cloud.function("text") { Deferred.reject("only text").await }
Cloud.function("made") do
  e = RuntimeError.new("never raised")
  Deferred.reject(e).await
end
Cloud.function("frozen") { async { raise RuntimeError.new("cold").freeze }.await }
Cloud.function("own_fiber") { Fiber.new { boom(2) }.resume }
Cloud.function("lost") { async { Work.new.run }; 1 }
Cloud.function("loop") { |req| n = req.params["n"]; n == 0 ? boom(3) : Cloud.call("loop", { "n" => n - 1 }).await }
class Shop < Cloud::Service
  get("/x") { |req| boom(4) }
end
Cloud.service "Shop", Shop
Cloud.function("late") { |req| waits("stuck") }
Cloud.function("stuck") do
  Deferred.delay(60).await
end
Cloud.function("late_inside") { begin; Cloud.call("quick").await; rescue Cloud::Timeout => e; raise e; end }
Cloud.function("quick", timeout: "1s") { Work.new.run; Deferred.delay(60).await }

# run: plain {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:15
# want: at backtrace.rb:14:in each
# want: at backtrace.rb:14
# run: in_async {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:19
# want: at backtrace.rb:18: made by async
# want: at backtrace.rb:22: awaited
# run: in_then {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:26
# want: at backtrace.rb:26: made by then
# run: nested {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:19
# want: at backtrace.rb:18: made by async
# want: at backtrace.rb:22: awaited
# want: at backtrace.rb:5: called by Cloud.call
# want: at backtrace.rb:29
# run: deeper {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:19
# want: at backtrace.rb:18: made by async
# want: at backtrace.rb:22: awaited
# want: at backtrace.rb:5: called by Cloud.call
# want: at backtrace.rb:29
# want: at backtrace.rb:5: called by Cloud.call
# want: at backtrace.rb:30
# want: at backtrace.rb:30: made by async
# run: twice {}
# want: failed RAISED RuntimeError: boom 1
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:10:in run
# want: at backtrace.rb:32
# want: at backtrace.rb:32: made by async
# want: at backtrace.rb:35: awaited
# run: anew {}
# want: failed RAISED ArgumentError: in short: boom 1
# want: at backtrace.rb:41
# run: text {}
# want: failed RAISED Deferred::Rejected: only text
# want: at backtrace.rb:42
# run: made {}
# want: failed RAISED RuntimeError: never raised
# want: at backtrace.rb:45
# run: frozen {}
# want: failed RAISED RuntimeError: cold
# run: own_fiber {}
# want: failed RAISED RuntimeError: boom 2
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:48
# run: lost {}
# want: detached wait async backtrace.rb:49
# want: unhandled RuntimeError: boom 1 (raised at backtrace.rb:3) backtrace.rb:49
# want: done 1
# run: loop {"n": 2}
# want: failed RAISED RuntimeError: boom 3
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:50
# want: at backtrace.rb:50: called by Cloud.call
# want: at backtrace.rb:50: called by Cloud.call
# run: "Shop GET /x" {}
# want: failed RAISED RuntimeError: boom 4
# want: at backtrace.rb:3:in boom
# want: at backtrace.rb:52
# run: late {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# want: at backtrace.rb:57
# run: late {} cancel=500
# want: failed CANCELLED Cloud::Cancelled: cancelled by the test
# want: at backtrace.rb:57
# run: late_inside {}
# want: failed RAISED Cloud::Timeout: the handler did not finish in its time
# want: at backtrace.rb:9:in run
# want: at backtrace.rb:60
# want: at backtrace.rb:59: called by Cloud.call
