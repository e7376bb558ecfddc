# The plain things: values back and forth, options of a call, errors.
Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.function("echo") { |req| req.body }
Cloud.define("noarg") { 7 }
Cloud.function("ret") { |req| return 5 if req.params["x"]; 6 }
Cloud.function("brk") { |req| break 5 if req.params["x"]; 6 }
Cloud.function("nxt") { |req| next 5 if req.params["x"]; 6 }
Cloud.function("ivar") { |req| @x = (@x || 0) + 1 }
Cloud.function("boom") { |req| raise ArgumentError, "no #{req.params['x']}" }
Cloud.function("code") { |req| raise Cloud::Error.new(101, "Object not found.", 404) }
Cloud.function("scode") { |req| raise Cloud::Error.new("E_X", "text") }
Cloud.function("resp") { |req| Cloud::Response.new({ "a" => 1 }, status: 202, headers: { "X-A" => 1 }) }
Cloud.function("delay") { |req| Deferred.delay(1, "late") }
Cloud.function("await") { |req| a = Deferred.delay(1, 2).await; a + await(Deferred.delay(1, 3)) + await(4) }
Cloud.function("say") { |req| puts "a", ["b", 3]; p 1, nil; print "x", 2; req.log.warn "w"; req.progress 0.5, "half"; nil }
Cloud.event("ev") { |req| [req.name, req.kind, req.attempt, req.lane, req.task_id.size, req.master?, req.user] }

# run: hello {"name": "Ann"}
# want: done "Hello Ann"
# run: echo {"a": [1, -2, 2.5, 2.0, 1e100, "x", null, true, {"b": []}]}
# want: done {"a":[1,-2,2.5,2.0,1e+100,"x",null,true,{"b":[]}]}
# run: echo [9223372036854775807, -9223372036854775808]
# want: done [9223372036854775807,-9223372036854775808]
# run: noarg {}
# want: done 7
# run: ret {"x": 1}
# want: done 5
# run: ret {}
# want: done 6
# run: brk {"x": 1}
# want: done 5
# run: nxt {"x": 1}
# want: done 5
# run: ivar {}
# want: done 1
# run: ivar {}
# want: done 1
# run: boom {"x": 3}
# want: failed RAISED ArgumentError: no 3
# run: code {}
# want: failed CLOUD_ERROR Cloud::Error: Object not found. code=101 status=404
# run: scode {}
# want: failed CLOUD_ERROR Cloud::Error: text code="E_X"
# run: resp {}
# want: done {"a":1} status=202 headers={"X-A":"1"}
# run: delay {}
# want: done "late"
# run: await {}
# want: done 9
# start: await {}
# start: hello {"name": "B"}
# run: await {}
# want: done "Hello B"
# want: done 9
# want: done 9
# run: say {}
# want: log info a
# want: log info b
# want: log info 3
# want: log info 1
# want: log info nil
# want: log info x2
# want: log warn w
# want: progress 0.5 half
# want: done null
# run: ev {}
# want: done ["ev","event",1,"main",36,false,null]
# run: nosuch {}
# want: failed RAISED RuntimeError: it names a handler that this worker does not have
