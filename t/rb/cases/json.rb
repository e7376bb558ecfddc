# JSON, times and numbers.
Cloud.function("parse") { |req| JSON.parse(req.params["t"]) }
Cloud.function("generate") { |req| JSON.generate(req.params["v"]) }
Cloud.function("error") { |req| begin; JSON.parse(req.params["t"]); rescue JSON::ParserError => e; e.message; end }
Cloud.function("symbols") { JSON.generate({ a: :b, 1 => 2.0, nil => nil, "t" => Time.at(0), 1.5 => true }) }
Cloud.function("bad") { JSON.generate({ "a" => [1, 0.0 / 0.0] }) }
Cloud.function("bad2") { JSON.generate([Object.new]) }
Cloud.function("keys") { JSON.parse('{"k": 1}').keys[0].class.to_s }
Cloud.function("time") { [Time.at(1, 500000).iso8601, Time.iso8601("2027-01-31T12:00:00.250Z").to_f, Time.at(86400)] }
Cloud.function("time_bad") { Time.iso8601("yesterday") }
Cloud.function("floats") { [0.1, 1.5, 0.1 + 0.2, 1e20, 1e100, 2.0, -0.0, 1.0 / 3, 5e-324, 100000000000000000.0, 123456789.123456789].map { |f| f.to_s } }
Cloud.function("float_text") { ["#{0.1}", [0.25].inspect, (0.0 / 0.0).to_s, (-1.0 / 0.0).to_s] }
Cloud.function("deep") { a = 1; 40.times { a = [a] }; JSON.generate(a) }

# run: parse {"t": " {\"a\": [1, -2.5, 1e3, true, false, null, \"\\u00e9\\ud83d\\ude00\\n\\/\"], \"b\": {}} "}
# want: done {"a":[1,-2.5,1000.0,true,false,null,"é😀\n/"],"b":{}}
# run: parse {"t": "5"}
# want: done 5
# run: parse {"t": "[9223372036854775807, -9223372036854775808, 9223372036854775808]"}
# want: done [9223372036854775807,-9223372036854775808,9*]
# run: parse {"t": "{\"a\":1,\"a\":2}"}
# want: done {"a":2}
# run: error {"t": ""}
# want: done "JSON.parse: the text ends early at byte 0"
# run: error {"t": "[1,]"}
# want: done "JSON.parse: unexpected character at byte 3"
# run: error {"t": "{\"a\" 1}"}
# want: done "JSON.parse: expected : at byte 5"
# run: error {"t": "{a: 1}"}
# want: done "JSON.parse: expected a key in quotes at byte 1"
# run: error {"t": "01"}
# want: done "JSON.parse: a number is not well-formed at byte 2"
# run: error {"t": "1."}
# want: done "JSON.parse: a number is not well-formed at byte 2"
# run: error {"t": "\"\\x\""}
# want: done "JSON.parse: an escape is not well-formed at byte 3"
# run: error {"t": "\"\\ud800\""}
# want: done "JSON.parse: an escape is not well-formed at byte 7"
# run: error {"t": "\"abc"}
# want: done "JSON.parse: a string does not end at byte 4"
# run: error {"t": "\"a\u0001\""}
# want: done "JSON.parse: a control character in a string at byte 2"
# run: error {"t": "nul"}
# want: done "JSON.parse: unexpected character at byte 0"
# run: error {"t": "1 2"}
# want: done "JSON.parse: something follows the value at byte 2"
# run: error {"t": "[1"}
# want: done "JSON.parse: expected , or ] at byte 2"
# run: error {"t": "1e999"}
# want: done "JSON.parse: a number is too large at byte 5"
# run: error {"t": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"}
# want: done "JSON.parse: nested deeper than 32 levels at byte 33"
# run: generate {"v": {"a": [1, 2.5, "x\"\n", null, true], "b": {}}}
# want: done "{\"a\":[1,2.5,\"x\\\"\\n\",null,true],\"b\":{}}"
# run: symbols {}
# want: done "{\"a\":\"b\",\"1\":2.0,\"\":null,\"t\":\"1970-01-01T00:00:00.000Z\",\"1.5\":true}"
# run: bad {}
# want: failed RAISED JSON::GeneratorError: JSON.generate: value.a[1]: NaN and Infinity cannot be JSON
# run: bad2 {}
# want: failed RAISED JSON::GeneratorError: JSON.generate: value[0]: an object of class Object cannot be JSON: make a Hash of it
# run: keys {}
# want: done "String"
# run: time {}
# want: done ["1970-01-01T00:00:01.500Z",1801396800.25,{"time":86400}]
# run: time_bad {}
# want: failed RAISED ArgumentError: Time.iso8601: not a time like 2027-01-31T12:00:00Z
# run: floats {}
# want: done ["0.1","1.5","0.3*","1e+20","1e+100","2.0","-0.0","0.3333333333333333","0.0","1e+17","123456789.1234568"]
# run: float_text {}
# want: done ["0.1","[0.25]","NaN","-Infinity"]
# run: deep {}
# want: failed RAISED JSON::GeneratorError: *: nested deeper than 32 levels
