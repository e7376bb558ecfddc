# What the benchmarks call.

class Bench < Cloud::Service
  def hello(req)
    "Hello"
  end

  def wait(req)
    Deferred.delay(0.01, "Hello")
  end
end
Cloud.service "Bench", Bench

Cloud.function("hello") { "Hello" }
Cloud.function("wait") { Deferred.delay(0.05) }
Cloud.function("block", timeout: "1h") { Deferred.delay(3600) }
