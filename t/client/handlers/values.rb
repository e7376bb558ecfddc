# Functions and events that hand values back, or make them.

MADE = {
  "int" => 42, "max" => 9223372036854775807, "min" => -9223372036854775808,
  "float" => 2.0, "tenth" => 0.1, "huge" => 1e100, "text" => "grüße 漢字 😀",
  "nil" => nil, "true" => true, "false" => false, "list" => [1, "two", nil, [3.5]],
  "hash" => { "a" => { "b" => [1] } }, "symbol" => :word, "symbol_keys" => { a: { b: 1 } },
  "int_keys" => { 1 => "one" }, "time" => Time.at(1_700_000_000, 123_000), "empty" => ""
}

def deep(n)
  v = 1
  n.times { v = [v] }
  v
end

def broken_value(what)
  case what
  when "nan" then { "a" => [0.0 / 0.0] }
  when "infinity" then [1.0 / 0.0]
  when "bytes" then { "text" => "\xff\xfe" }
  when "deep" then deep(40)
  when "object" then { "o" => Object.new }
  when "cycle"
    a = []
    a << a
    a
  end
end

Cloud.function("echo") { |req| req.params }
Cloud.function("echoBody") { |req| req.body }
Cloud.function("made") { |req| MADE[req.params["what"]] }
Cloud.function("broken") { |req| broken_value(req.params["what"]) }
Cloud.define("hello") { |req| "Hello #{req.params['name']}" }
Cloud.function("nothing") { nil }
Cloud.function("class of") { |req| req.params["value"].class.to_s }
Cloud.function("moment") { |req| req.params["at"] + 1 }
Cloud.function("later") { |req| Deferred.delay(0.05, req.params) }
Cloud.function("chained") do |req|
  Deferred.delay(0.01, req.params["n"]).then { |n| n + 1 }.then { |n| Deferred.delay(0.01, n * 2) }
end
Cloud.function("awaits") do |req|
  all = Deferred.all([Deferred.delay(0.02, 1), 2, async { Deferred.delay(0.01).await; 3 }]).await
  Cloud.call("hello", { "name" => all.join("-") }).await
end
Cloud.function("request") do |req|
  { "name" => req.name, "lane" => req.lane.to_s, "attempt" => req.attempt, "master" => req.master?,
    "headers" => req.headers, "context" => req.context, "query" => req.query, "ip" => req.ip,
    "task_id" => req.task_id }
end

Cloud.event("echo") { |req| req.params }
Cloud.event("fünf & fünfzig") { 55 }
Cloud.event("value") { |req| MADE[req.params["what"]] }
Cloud.event("slow") { |req| Deferred.delay(0.05, req.params) }
