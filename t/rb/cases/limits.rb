# conf: result=1000 log=100
# Results that cannot be encoded, recursion, and other limits.
Cloud.function("nan") { { "items" => [0, 1, 2, { "price" => 0.0 / 0.0 }] } }
Cloud.function("inf") { 1.0 / 0.0 }
Cloud.function("utf8") { { a: "\xff" } }
Cloud.function("utf8_key") { { "\xff" => 1 } }
Cloud.function("bytes") { Cloud::Bytes.new("\xff\x00a") }
Cloud.function("object") { [Object.new] }
Cloud.function("deferred_inside") { { "d" => Deferred.resolve(1) } }
Cloud.function("proc") { proc {} }
Cloud.function("key") { { [1] => 2 } }
Cloud.function("cycle") { h = {}; h["self"] = h; h }
Cloud.function("cycle_below") { a = [1]; a << { "owner" => [a] }; { "items" => [0, { "list" => a }] } }
Cloud.function("twice") { a = [1]; [a, { "again" => a }, [[a]]] }
Cloud.function("cycle_json") { a = {}; a["x"] = [a]; JSON.generate(a) }
Cloud.function("deep32") { a = 1; 32.times { a = [a] }; a }
Cloud.function("deep33") { a = 1; 33.times { a = [a] }; a }
Cloud.function("large") { "x" * 2000 }
Cloud.function("recurse") { def r(n) r(n + 1) end; r(0) }
Cloud.function("recurse_rescued") { def r(n) r(n + 1) end; begin; r(0); rescue SystemStackError => e; "rescued #{e.class}"; end }
Cloud.function("ok") { 1 }
Cloud.function("chatty") { 20.times { |i| puts "line #{i} with some text" }; 1 }
Cloud.function("long_message") { raise "x" * 20000 }
Cloud.function("odd_message") { raise Class.new(StandardError) { def message; raise "no"; end } }
Cloud.function("not_text") { raise "a\xffb" }
Cloud.function("fiber_yield") { Fiber.yield 1 }
Cloud.function("sneaky_yield") { Fiber.__yield 1 }
Cloud.function("exit") { exit }
Cloud.function("sleep") { Kernel.sleep 1 }
Cloud.function("throw") { throw :x }
Cloud.function("abort") { abort "x" }
Cloud.function("file") { File.read("/etc/passwd") }
Cloud.function("backtick") { `id` }
Cloud.function("nested_file") { Class.new { def x; IO; end }.new.x }
Cloud.function("popen") { $stdout.class.popen("id") }
Cloud.function("stdout") { $stdout.puts "x"; $stderr.print "y"; 1 }
Cloud.function("http") { HTTP.get("x") }
Cloud.function("unknown") { Nope }
Cloud.function("nonstd") { raise Exception, "not a StandardError" }
Cloud.function("params_nil") { |req| [req.params, req.body, req.query, req.headers, req.path_params, req.ip, req.context] }
Cloud.function("register") { Cloud.function("x") { 1 } }
Cloud.function("load") { Cloud.load "x" }
Cloud.function("time_response") { Cloud::Response.new(1, status: 99) }
Cloud.function("neg_delay") { Deferred.delay(-1) }
Cloud.function("inspect_deep") { a = []; 5000.times { a = [a] }; a.inspect.size }

# run: nan {}
# want: failed BAD_RESULT TypeError: result.items[3].price: NaN cannot be encoded
# run: inf {}
# want: failed BAD_RESULT TypeError: result: Infinity cannot be encoded
# run: utf8 {}
# want: failed BAD_RESULT TypeError: result.a: a String that is not UTF-8 (at byte 0) cannot be encoded: use Cloud::Bytes for binary
# run: utf8_key {}
# want: failed BAD_RESULT TypeError: result.?: a String that is not UTF-8*
# run: bytes {}
# want: done {"bytes":3}
# run: object {}
# want: failed BAD_RESULT TypeError: result[0]: an object of class Object cannot be encoded: make a Hash of it
# run: deferred_inside {}
# want: failed BAD_RESULT TypeError: result.d: a Deferred cannot be encoded: await it, or return Deferred.all(...)
# run: proc {}
# want: failed BAD_RESULT TypeError: result: an object of class Proc cannot be encoded: make a Hash of it
# run: key {}
# want: failed BAD_RESULT TypeError: result: a Hash key must be a String, a Symbol or a number
# run: cycle {}
# want: failed BAD_RESULT TypeError: result.self: contains itself: it is result
# run: cycle_below {}
# want: failed BAD_RESULT TypeError: result.items[1].list[1].owner[0]: contains itself: it is result.items[1].list
# run: twice {}
# want: done [[1],{"again":[1]},[[[1]]]]
# run: cycle_json {}
# want: failed RAISED JSON::GeneratorError: JSON.generate: value.x[0]: contains itself: it is value
# run: deep32 {}
# want: done [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
# run: deep33 {}
# want: failed BAD_RESULT TypeError: result[0]*: nested deeper than 32 levels
# run: large {}
# want: failed BAD_RESULT TypeError: result: larger than the limit of 1000 bytes
# run: recurse {}
# want: failed RAISED SystemStackError: stack level too deep
# run: recurse_rescued {}
# want: done "rescued SystemStackError"
# run: ok {}
# want: done 1
# run: chatty {}
# want: log info line 0 with some text
# want: log info line 1 with some text
# want: log info line 2 with some text
# want: log info line 3 with some text
# want: log warn (the task's log is over its limit of 100 bytes: the rest is dropped)
# want: done 1
# run: long_message {}
# want: failed RAISED RuntimeError: xxxxxxx*xxx...
# run: odd_message {}
# want: failed RAISED StandardError: (its message cannot be told)
# run: not_text {}
# want: failed RAISED RuntimeError: a?b
# run: fiber_yield {}
# want: failed RAISED FiberError: Fiber.yield in a handler's own fiber: use await
# run: sneaky_yield {}
# want: failed RAISED FiberError: the handler yielded*
# run: exit {}
# want: failed RAISED NoMethodError: undefined method 'exit'*
# run: sleep {}
# want: failed RAISED NotImplementedError: sleep would block the worker: use Deferred.delay(seconds).await
# run: throw {}
# want: failed RAISED NoMethodError: undefined method 'throw'*
# run: abort {}
# want: failed RAISED NoMethodError: undefined method 'abort'*
# run: file {}
# want: failed RAISED NameError: File would block the worker and is hidden: use Cloud.load for code (blockingIo: true in the app's config shows it)
# run: backtick {}
# want: failed RAISED NoMethodError: undefined method '`'*
# run: nested_file {}
# want: failed RAISED NameError: IO would block the worker*
# run: popen {}
# want: failed RAISED NoMethodError: undefined method 'popen'*
# run: stdout {}
# want: log info x
# want: log error y
# want: done 1
# run: http {}
# want: failed RAISED HTTP::Error: GET (any URL): HTTP cannot be used here: this process has no event loop
# run: unknown {}
# want: failed RAISED NameError: uninitialized constant *Nope
# run: nonstd {}
# want: failed RAISED Exception: not a StandardError
# run: params_nil null
# want: done [{},null,{},{},{},null,null]
# run: params_nil [1] query={"a": "b"} headers={"x-y": "z"} path={"id": "1"} ip="::1" context={"u": 1}
# want: done [{},[1],{"a":"b"},{"x-y":"z"},{"id":"1"},"::1",{"u":1}]
# run: params_nil {"a": 1} params={"a": 2}
# want: done [{"a":2},{"a":1},{},{},{},null,null]
# run: register {}
# want: failed RAISED RuntimeError: Cloud.function works only while the handlers' files are loaded
# run: load {}
# want: failed RAISED RuntimeError: Cloud.load works only while the handlers' files are loaded
# run: time_response {}
# want: failed RAISED ArgumentError: Cloud::Response: the status is a number from 200 to 599
# run: neg_delay {}
# want: failed RAISED ArgumentError: Deferred.delay: seconds must be 0 or more, and finite
# run: inspect_deep {}
# want: failed RAISED SystemStackError: *
# run: ok {}
# want: done 1
