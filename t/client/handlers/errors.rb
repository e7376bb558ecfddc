# Handlers that fail, in every way that a client can tell apart.

class Odd < StandardError
end

def fail_as(what)
  case what
  when "text" then raise "boom"
  when "class" then raise Odd, "odd one"
  when "type" then nil + 1
  when "argument" then raise ArgumentError, "not that"
  when "code" then raise Cloud::Error.new(1234, "custom code")
  when "status" then raise Cloud::Error.new(4321, "a teapot", 418)
  when "text code" then raise Cloud::Error.new("no_stock", "none left")
  when "not found" then raise Cloud::Error.new(101, "Object not found.")
  when "reject" then Deferred.reject("just text")
  when "reject hash" then Deferred.reject({ "a" => 1 })
  when "reject error" then Deferred.reject(Odd.new("rejected"))
  when "later" then Deferred.delay(0.02).then { raise "later" }
  when "awaited" then Deferred.reject(Odd.new("awaited")).await
  when "utf8" then raise "ungültig: 漢字"
  when "any" then Deferred.any([Deferred.reject("a"), Deferred.reject("b")])
  when "empty" then raise ""
  end
end

Cloud.function("fail") { |req| fail_as(req.params["how"]) }
Cloud.event("fail") { |req| fail_as(req.params["how"]) }
Cloud.function("never", timeout: 0.3) { Deferred.new { |resolve, reject| } }
Cloud.event("never", timeout: 1) { Deferred.new { |resolve, reject| } }
Cloud.function("spin") { loop {} }
Cloud.event("spin") { loop {} }
Cloud.function("once", repeat: false) { Deferred.delay(30) }
Cloud.function("again") { |req| req.attempt > 1 ? "again" : Deferred.delay(30) }

class Failing < Cloud::Service
  def fail(req)
    fail_as(req.params["how"])
  end

  def never(req)
    Deferred.new { |resolve, reject| }.timeout(0.3)
  end

  def spin(req)
    loop {}
  end
end

Cloud.service "Failing", Failing
