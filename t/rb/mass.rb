# For mass.t: tasks of many kinds, of which nothing may stay.
class Late
  def initialize(v) @v = v end
  def then(yes, no) Deferred.delay(0.001).then { @v % 2 == 0 ? yes.call(@v) : no.call(@v) } end
end

WAYS = [
  proc { |i| Deferred.resolve(i).then { |v| v + 1 }.then { |v| Deferred.delay(0.001, v) }.finally { i } },
  proc { |i| Deferred.all([Deferred.delay(0.002, i), i, Deferred.resolve(i)]).await.size },
  proc { |i| Deferred.race([Deferred.delay(0.001, i), Deferred.delay(9)]).await },
  proc { |i| Deferred.any([Deferred.reject(i), Late.new(2)]) },
  proc { |i| Deferred.resolve(Late.new(i)).catch { |e| e.to_s } },
  proc { |i| [async { Deferred.delay(0.001).await; i }, async { i }].map { |d| d.await } },
  proc { |i| Deferred.reject("nobody"); raise IndexError, "task #{i}" },
  proc { |i| Deferred.delay(5).timeout(0.002).catch { |e| e.message } },
  proc { |i| Deferred.delay(0.001).detach.then { i }; "text" * 50 },
  proc { |i| d = Deferred.resolve(0); 20.times { d = d.then { |v| v + i } }; d },
  proc { |i| Cloud.call("leaf", { "i" => i }).await }
]

Cloud.function("leaf") { |req| Deferred.delay(0.001, req.params) }
Cloud.function("mass") { |req| instance_exec(req.params["seed"], &WAYS[req.params["seed"] % WAYS.size]) }
Cloud.function("held") { |req| Deferred.delay(100).await; req.params["seed"] }
