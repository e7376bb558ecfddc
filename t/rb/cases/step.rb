# Named steps: req.step. "steps=" makes it an async task with those steps finished.
Cloud.function("two") { |req| a = req.step("a") { puts "ran a"; 1 }; b = req.step(:b) { puts "ran b"; { sum: a + 1 } }; [a, b] }
# run: two {} steps={}
# want: log info ran a
# want: step a 1
# want: log info ran b
# want: step b {"sum":2}
# want: done [1,{"sum":2}]
# run: two {} steps={"a": 5}
# want: log info ran b
# want: step b {"sum":6}
# want: done [5,{"sum":6}]
# run: two {} steps={"a": null, "b": [7]}
# want: done [null,[7]]
# run: two {}
# want: log info ran a
# want: log info ran b
# want: done [1,{"sum":2}]
Cloud.function("waits") { |req| req.step("late") { Deferred.delay(1, "late") } }
# run: waits {} steps={}
# want: step late "late"
# want: done "late"
Cloud.function("again") { |req| [1, 2].map { |n| req.step("same") { n } } }
# run: again {} steps={}
# want: step same 1
# want: done [1,1]
# run: again {}
# want: done [1,1]
Cloud.function("copy") { |req| v = req.step("v") { { k: [:a] } }; v["k"] << 2; [v, req.step("v") { 0 }] }
# run: copy {} steps={}
# want: step v {"k":["a"]}
# want: done [{"k":["a",2]},{"k":["a"]}]
Cloud.function("nested") { |req| [req.step("n") { 1 }, Cloud.call("inner").await] }
Cloud.function("inner") { |req| [req.step("n") { 2 }, req.step("m") { 3 }] }
# run: nested {} steps={}
# want: step n 1
# want: step m 3
# want: done [1,[1,3]]
Cloud.function("apart") { |req| Deferred.all((1..3).map { |n| async { req.step("s#{n}") { Deferred.delay(n, n) } } }) }
# run: apart {} steps={}
# want: step s1 1
# want: step s2 2
# want: step s3 3
# want: done [1,2,3]
Cloud.function("raises") { |req| req.step("r") { raise "no" } }
# run: raises {} steps={}
# want: failed RAISED RuntimeError: no
Cloud.function("after") { |req| begin; req.step("r") { raise "no" }; rescue => e; req.step("r") { e.message }; end }
# run: after {} steps={}
# want: step r "no"
# want: done "no"
Cloud.function("unsafe") { |req| begin; req.step("unsafe") { 1 }; rescue Cloud::Error => e; [e.code, e.message, req.step("unsafe") { 2 }]; end }
# run: unsafe {} steps={}
# want: step unsafe 1
# want: done ["store_unavailable","not now",1]
Cloud.function("twice") { |req| req.step("t") { req.step("t") { 1 } } }
# run: twice {} steps={}
# want: failed RAISED ArgumentError: step: "t" is running already: another name is needed
Cloud.function("name") { |req| req.step(req.params["name"] || "x" * 201) { puts "never" } }
# run: name {} steps={}
# want: failed RAISED ArgumentError: step: its name has 1 to 200 bytes, and is UTF-8
# run: name {"name": ""}
# want: failed RAISED ArgumentError: step: its name has 1 to 200 bytes, and is UTF-8
Cloud.function("bare") { |req| req.step("x") }
# run: bare {} steps={}
# want: failed RAISED ArgumentError: step needs a block { ... }
Cloud.function("bad") { |req| req.step("x") { { "a" => Object.new } } }
# run: bad {} steps={}
# want: failed RAISED TypeError: step.a: *
Cloud.function("many") { |req| 257.times { |n| req.step("s#{n}") { n } } }
# run: many {}
# want: failed RAISED RuntimeError: step: a task has at most 256 of them
Cloud.function("large") { |req| req.step("a") { "x" * 600_000 }; req.step("b") { "x" * 600_000 } }
# run: large {}
# want: failed RAISED TypeError: step*larger than*
Cloud.function("from_c") { |req| o = Object.new; o.define_singleton_method(:to_s) { req.step("x") { puts "never"; 1 }.to_s }; "#{o}" }
# run: from_c {} steps={}
# want: failed RAISED FiberError: await cannot suspend to_s*
Cloud.function("cut", timeout: "1s") { |req| req.step("c") { begin; Deferred.delay(9).await; ensure; puts "ended"; end } }
# run: cut {} steps={} timeout=1000
# want: log info ended
# want: failed TIMEOUT Cloud::Timeout: *
