# Cloud.call and Cloud.enqueue.
Cloud.function("add") { |req| req.params["a"] + req.params["b"] }
Cloud.event("add") { |req| "event #{req.params['a']}" }
Cloud.function("sum") { |req| Cloud.call("add", { a: 1, "b" => 2 }).await + 10 }
Cloud.function("kind") { |req| Cloud.call("add", { "a" => 1 }, kind: :event) }
Cloud.function("unknown") { Cloud.call("nosuch", {}) }
Cloud.function("unknown_kind") { Cloud.call("add", {}, kind: "job") }
Cloud.function("raises") { raise Cloud::Error.new(7, "inner") }
Cloud.function("passes") { begin; Cloud.call("raises").await; rescue Cloud::Error => e; [e.code, e.message]; end }
Cloud.function("deep") { |req| n = req.params["n"]; n == 0 ? "bottom" : Cloud.call("deep", { "n" => n - 1 }).await }
Cloud.function("slow", timeout: "1s") { Deferred.delay(5, "never").await }
Cloud.function("slow_caller") { begin; Cloud.call("slow").await; rescue Cloud::Timeout => e; "timeout: #{e.message}"; end }
Cloud.function("long") { Deferred.delay(5, "never").await }
Cloud.function("remaining") { Cloud.call("long").await }
Cloud.function("symbols") { { a: :b, 1 => nil } }
Cloud.function("copied") { h = { "x" => [1] }; r = Cloud.call("mutate", h).await; [h, r, Cloud.call("symbols").await] }
Cloud.function("mutate") { |req| req.params["x"] << 2; req.params["x"] }
Cloud.function("bad") { Object.new }
Cloud.function("bad_result") { Cloud.call("bad") }
Cloud.function("bad_params") { Cloud.call("add", { "a" => Object.new }) }
Cloud.function("response") { Cloud::Response.new({ "b" => 1 }, status: 201) }
Cloud.function("takes_response") { Cloud.call("response") }
Cloud.function("race") { Deferred.race([Cloud.call("cleanup"), Deferred.delay(1, "first")]) }
Cloud.function("cleanup") { begin; Deferred.delay(9).await; ensure; puts "cleaned up"; end }
Cloud.function("many") { Deferred.all((1..50).map { |i| Cloud.call("add", { "a" => i, "b" => 0 }) }).then { |l| l.inject { |a, b| a + b } } }
Cloud.function("log") { Cloud.call("say") }
Cloud.function("say") { puts "from inside"; 1 }
Cloud.function("enqueue") { Cloud.enqueue("add", { "a" => 1 }, priority: :low).await }
Cloud.function("enqueue_job") { Cloud.enqueue("x", nil, kind: "job", timeout: "5m") }
Cloud.function("enqueue_no") { begin; Cloud.enqueue("nobody").await; rescue Cloud::Error => e; [e.code, e.message]; end }
Cloud.function("enqueue_later") { Cloud.enqueue("add", {}, key: "") }
Cloud.function("enqueue_odd") { Cloud.enqueue("add", {}, prio: 5) }
Cloud.function("enqueue_lost") { Cloud.enqueue("add", {}); 1 }
Cloud.function("callback") { Deferred.new { |yes, _| Cloud.call("add", { "a" => 1, "b" => 1 }) { |e, v| yes.call(v) } } }
Cloud.function("nested_detached") { Cloud.call("leaves").await }
Cloud.function("leaves") { Deferred.delay(1).then { puts "left" }; "own value" }
class Users < Cloud::Service
  def greet(req) "hi #{req.params['name']}" end
  def late(req) Deferred.delay(1) end
end
Cloud.service "Users", Users
Cloud.function("method") { Cloud.call("Users/greet", { "name" => "Ann" }) }
Cloud.function("odd_option") { Cloud.call("add", {}, timeout: 1) }
Cloud.function("who") { |req| [req.params, req.ip, req.context, req.master?, req.headers, req.name, req.user] }
Cloud.function("passed_on") { async { Cloud.call("asks", { "x" => 1 }).then { |v| v } }.await }
Cloud.function("asks") { Deferred.delay(1).then { Cloud.call("who", { "y" => 2 }) } }
Cloud.event("sunny") { |req| "#{req.params['weather']} for #{req.context}" }
Cloud.function("dispatch") { Events.dispatch("sunny", { weather: "warm" }).await }
Cloud.function("dispatch_sync") { Events.dispatch("sunny", { weather: "warm" }, execution: :sync).await }
Cloud.function("dispatch_async") { Events.dispatch("sunny", { weather: "warm" }, execution: :async).await }
Cloud.function("dispatch_low") { Events.dispatch("sunny", nil, execution: "async-low-priority").await }
Cloud.function("dispatch_odd") { Events.dispatch("sunny", nil, execution: :later) }
Cloud.function("dispatch_no_args") { Events.dispatch("sunny", execution: :async) }
Cloud.function("dispatch_option") { Events.dispatch("sunny", nil, delay: 1) }
Cloud.function("dispatch_function") { begin; Events.dispatch("who").await; rescue Cloud::Error => e; e.message; end }
Cloud.function("invoke") { Services.invoke("Users", "greet", { "name" => "Bob" }).await }
Cloud.function("invoke_low") { Services.invoke("Users", :greet, { "name" => "Bob" }, execution: :async_low_priority) }
Cloud.function("invoke_back") { Deferred.new { |yes, _| Services.invoke("Users", "greet", nil) { |e, v| yes.call(v) } } }
Cloud.function("invoke_lost") { Services.invoke("Users", "late", nil); "out" }
Cloud.function("codes") { begin; Cloud.call("mid").await; rescue Cloud::Error => e; [e.class.to_s, e.code, e.status, e.message]; end }
Cloud.function("mid") { Cloud.call("raises").await }
class Odd < Cloud::Error; end
Cloud.function("own_class") { raise Odd.new("x7", "odd", 409) }
Cloud.function("own_class_passed") { Cloud.call("own_class") }
Cloud.function("long_own", timeout: "9s") { Cloud.call("slow").await }
Cloud.function("ends_first") { d = Cloud.call("cleanup"); Deferred.delay(1).await; raise "the caller failed" }

# run: sum {}
# want: done 13
# run: kind {}
# want: done "event 1"
# run: unknown {}
# want: failed RAISED Cloud::Error: Cloud.call: there is no function, event, service method or job "nosuch"
# run: unknown_kind {}
# want: failed RAISED Cloud::Error: Cloud.call: there is no job "add"
# run: passes {}
# want: done [7,"inner"]
# run: deep {"n": 16}
# want: done "bottom"
# run: deep {"n": 17}
# want: failed RAISED Cloud::Error: Cloud.call: calls are nested deeper than 16 levels
# run: slow_caller {}
# want: done "timeout: the handler did not finish in its time"
# run: remaining {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: copied {}
# want: done [{"x":[1]},[1,2],{"a":"b","1":null}]
# run: bad_result {}
# want: failed RAISED TypeError: result: an object of class Object cannot be encoded: make a Hash of it
# run: bad_params {}
# want: failed RAISED TypeError: params.a: an object of class Object cannot be encoded: make a Hash of it
# run: takes_response {}
# want: done {"b":1}
# run: race {}
# want: done "first"
# want: log info cleaned up
# run: many {}
# want: done 1275
# run: log {}
# want: log info from inside
# want: done 1
# run: enqueue {}
# want: enqueue any add async-low-priority {"a":1}
# want: done "0193c1f2-0000-7000-8000-000000000001"
# run: enqueue_job {}
# want: enqueue job x async null
# want: done "0193c1f2-0000-7000-8000-000000000001"
# run: enqueue_no {}
# want: enqueue any nobody async null
# want: done ["unknown_handler","no such handler"]
# run: enqueue_later {}
# want: failed RAISED ArgumentError: Cloud.enqueue: key: 1 to 200 bytes, and not both key and unique
# run: enqueue_odd {}
# want: failed RAISED ArgumentError: Cloud.enqueue: unknown option prio: (there are kind, priority, execution, timeout, delay, at, retries, key, unique)
# run: enqueue_lost {}
# want: enqueue any add async {}
# want: detached wait Cloud.enqueue call.rb:33
# want: done 1
# run: callback {}
# want: done 2
# run: nested_detached {}
# want: detached wait Deferred.delay call.rb:36
# want: log info left
# want: done "own value"
# run: method {}
# want: done "hi Ann"
# run: odd_option {}
# want: failed RAISED ArgumentError: Cloud.call: unknown option timeout: (there is kind)
# run: passed_on {"a": 1} ip="::1" context={"u": 7} flags=1 headers={"h": "v"}
# want: done [{"y":2},"::1",{"u":7},true,{},"who",null]
# run: passed_on {}
# want: done [{"y":2},null,null,false,{},"who",null]
# run: dispatch {} context="Ann"
# want: done "warm for Ann"
# run: dispatch_sync {} context="Ann"
# want: done "warm for Ann"
# run: dispatch_async {} context="Ann"
# want: enqueue event sunny async {"weather":"warm"}
# want: done "0193c1f2-0000-7000-8000-000000000001"
# run: dispatch_low {}
# want: enqueue event sunny async-low-priority null
# want: done "0193c1f2-0000-7000-8000-000000000001"
# run: dispatch_odd {}
# want: failed RAISED ArgumentError: Events.dispatch: execution is :sync, :async or :async_low_priority
# run: dispatch_no_args {}
# want: failed RAISED ArgumentError: Events.dispatch: options follow the arguments, which may be nil: nil, execution: ...
# run: dispatch_option {}
# want: failed RAISED ArgumentError: Events.dispatch: unknown option delay: (there is execution)
# run: dispatch_function {}
# want: done "Cloud.call: there is no event \"who\""
# run: invoke {}
# want: done "hi Bob"
# run: invoke_low {}
# want: enqueue service Users/greet async-low-priority {"name":"Bob"}
# want: done "0193c1f2-0000-7000-8000-000000000001"
# run: invoke_back {}
# want: done "hi "
# run: invoke_lost {}
# want: detached wait Cloud.call call.rb:59
# want: done "out"
# run: codes {}
# want: done ["Cloud::Error",7,null,"inner"]
# run: own_class_passed {}
# want: failed CLOUD_ERROR Odd: odd code="x7" status=409
# run: long_own {} timeout=500
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: long_own {}
# want: failed RAISED Cloud::Timeout: the handler did not finish in its time
# run: ends_first {}
# want: detached wait Cloud.call call.rb:66
# want: log info cleaned up
# want: failed RAISED RuntimeError: the caller failed
