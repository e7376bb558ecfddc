# What ends a whole server of other makes, and kin of it: see t/fault/bystander.t.

class Unsaved
  def initialize
    @name = "unsaved"
  end
end

HARM = {
  # floating work that fails when its caller has long been answered
  "late rejection" => -> { Deferred.delay(0.02).then { raise "too late" }.detach; "ok" },
  "late rejection, async" => -> { async { Deferred.delay(0.02).await; raise "too late" }.detach; "ok" },
  "late rejection, not detached" => -> { Deferred.delay(0.02).then { raise "too late" }; "ok" },
  # a callback that raises
  "raise in a timer block" => -> { Deferred.delay(0.02).then { raise "in a block" } },
  "raise in a callback" => -> { Deferred.delay(0.02) { |_error, _value| raise "in a callback" } },
  "raise in a finally" => -> { Deferred.delay(0.02).finally { raise "in a finally" } },
  "raise in a new" => -> { Deferred.new { |_resolve, _reject| raise "in a new" } },
  # what cannot be an answer
  "an object" => -> { Unsaved.new },
  "an object inside" => -> { { "items" => [1, { "owner" => Unsaved.new }] } },
  "a cycle" => -> { a = []; a << { "list" => a }; { "a" => a } },
  "a long cycle" => -> { a = []; b = [a]; 20.times { b = [b] }; a << b; a },
  "too deep" => -> { a = 1; 40.times { a = [a] }; a },
  "not UTF-8" => -> { { "text" => "\xff\xfe" } },
  "NaN" => -> { [0.0 / 0.0] },
  "a Deferred inside" => -> { [Deferred.delay(0)] },
  "a lambda" => -> { -> { } },
  "too large" => -> { "x" * 2_000_000 },
  # answering twice
  "resolve twice" => -> { Deferred.new { |resolve, _| resolve.call(1); resolve.call(2) } },
  "resolve, then reject" => -> { Deferred.new { |resolve, reject| resolve.call(1); reject.call("no") } },
  "resolve, then raise" => -> { Deferred.new { |resolve, _| resolve.call(1); raise "no" } },
  # getting lost
  "busy for a while" => -> { t = Time.now; nil while Time.now - t < 0.3; "ok" },
  "never settles" => -> { Deferred.new { |_resolve, _reject| } },
  "awaits for ever" => -> { Deferred.new { |_resolve, _reject| }.await },
  "resolved with itself" => -> { d = nil; d = Deferred.delay(0.01).then { d }; d },
  # leaving
  "exit" => -> { exit },
  "abort" => -> { abort("bye") },
  "Process.kill" => -> { Process.kill("KILL", 0) },
  "SystemExit" => -> { raise SystemExit, "bye" },
  "SystemExit later" => -> { Deferred.delay(0.02).then { raise SystemExit, "bye" } },
  "throw" => -> { throw :done },
  "Exception later" => -> { Deferred.delay(0.02).then { raise Exception, "at the root" } },
  "Fiber.yield later" => -> { Deferred.delay(0.02).then { Fiber.yield 1 } },
  # breaking what others stand on
  "no more puts" => -> { class << self; undef_method :puts; end; puts "x" },
  "message raises" => -> { e = RuntimeError.new("x"); def e.message; raise "no message"; end; raise e },
  "message is no text" => -> { e = RuntimeError.new("x"); def e.message; 7; end; raise e },
  "to_s raises" => -> { o = Object.new; def o.to_s; raise "no to_s"; end; "#{o}" },
  "a broken then" => -> { o = Object.new; def o.then(*); raise "no then"; end; o },
  # deeper than a stack
  "busy without end" => -> { loop { } },
  "recursion" => -> { f = ->(n) { f.call(n + 1) + 1 }; f.call(0) },
  "method_missing" => -> { o = Object.new; def o.method_missing(n, *a); other(*a); end; o.any },
  "inspect" => -> { a = []; 100_000.times { a = [a] }; a.inspect.size; "ok" },
  "compare" => -> { a = []; b = []; 100_000.times { a = [a]; b = [b] }; a == b; "ok" },
  "hash" => -> { a = []; 100_000.times { a = [a] }; a.hash; "ok" },
  "hash of hashes" => -> { a = {}; 100_000.times { a = { "a" => a } }; a.hash; "ok" },
  "flatten" => -> { a = []; 100_000.times { a = [a] }; a.flatten; "ok" },
  "nested JSON" => -> { JSON.parse("[" * 100_000) },
  "eval" => -> { eval("(" * 100_000 + "1" + ")" * 100_000) },
  "p nested" => -> { a = ["x"]; 100_000.times { a = [a] }; p a; "ok" },
  "big string" => -> { ("x" * 1000) * 1_000_000_000 },
  "deep cloud call" => -> { Cloud.call("harm", { "kind" => "deep cloud call" }) }
}

Cloud.function("harm") { |req| HARM[req.params["kind"]].call }
Cloud.function("harms") { HARM.keys }

# What a worker keeps for ever: see t/fault/recycle.t.
KEPT = []
Cloud.function("symbols") { |req| req.params["n"].times { |i| "symbol #{i}".to_sym }; "made" }
Cloud.function("keep") { |req| req.params["n"].times { KEPT << "x" * 1_000_000 }; "kept" }
