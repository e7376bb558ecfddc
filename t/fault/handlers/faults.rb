# Handlers that do harm, each in its own way.

Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.function("wait") { |req| Deferred.delay(req.params["for"], req.params["value"]) }
Cloud.function("once", repeat: false) { |req| Deferred.delay(req.params["for"], "once") }
Cloud.function("spin") { loop {} }
Cloud.function("spin briefly", timeout: 0.4) { loop {} }
Cloud.function("spin after") do |req|
  Deferred.delay(req.params["for"]).await
  loop {}
end
Cloud.job("spin") { loop {} }

Cloud.function("eat memory") do
  s = "x" * 1024
  loop { s += s }
end
Cloud.function("eat objects") do
  all = []
  loop { all << [all.size, "x" * 100, {}] }
end

def recurse(n)
  recurse(n + 1) + 1
end
Cloud.function("recurse") { recurse(0) }
Cloud.function("recurse after") { Deferred.delay(0.01).then { recurse(0) } }
Cloud.function("recurse to_s") do
  o = Object.new
  def o.to_s
    "#{self}"
  end
  "#{o}"
end

WAYS_OUT = {
  "exit" => -> { exit },
  "exit!" => -> { exit! },
  "Kernel.exit" => -> { Kernel.exit(1) },
  "abort" => -> { abort("bye") },
  "Process.exit" => -> { Process.exit },
  "Process.kill" => -> { Process.kill("KILL", 0) },
  "SystemExit" => -> { raise SystemExit, "bye" },
  "Exception" => -> { raise Exception, "at the root" },
  "NoMemoryError by hand" => -> { raise NoMemoryError, "not really" },
  "SystemStackError by hand" => -> { raise SystemStackError, "not really" },
  "throw" => -> { throw :done },
  "Fiber.yield" => -> { Fiber.yield 1 },
  "fork" => -> { fork },
  "backtick" => -> { `kill -9 $PPID` },
  "IO.popen" => -> { IO.popen("true").read },
  "File.open" => -> { File.open("/etc/passwd").read },
  "$stdout" => -> { $stdout.class.popen("true") },
  "trap" => -> { trap("TERM") { } },
  "at_exit" => -> { at_exit { } },
  "frozen core" => -> { Cloud.freeze; nil.no_such_method }
}
Cloud.function("way out") { |req| WAYS_OUT[req.params["way"]].call }
Cloud.function("ways") { WAYS_OUT.keys }
