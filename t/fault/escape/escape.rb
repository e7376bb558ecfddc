# Handlers that want out, with blockingIo: true: every way that mruby's own classes offer.

ESCAPES = {
  "read own" => ->(p) { File.open(p["own"]).read[0, 10] },
  "read allowed" => ->(p) { IO.read("#{p["dir"]}/r/x") },
  "read elsewhere" => ->(p) { File.open("/etc/passwd").read },
  "IO.read" => ->(p) { IO.read("/etc/passwd") },
  "open" => ->(p) { open("/etc/passwd") { |f| f.read } },
  "sysopen" => ->(p) { IO.sysopen("/etc/passwd") },
  "read by .." => ->(p) { File.open("#{p["dir"]}/r/../secret").read },
  "read by link" => ->(p) { File.open("#{p["dir"]}/r/link").read },
  "read config" => ->(p) { File.open(p["config"]).read },
  "write readable" => ->(p) { File.open("#{p["dir"]}/r/x", "w") { |f| f.write("y") } },
  "write allowed" => ->(p) { File.open("#{p["dir"]}/w/x", "w") { |f| f.write("y") } },
  "append allowed" => ->(p) { File.open("#{p["dir"]}/w/x", "a") { |f| f.write("z") } },
  "delete allowed" => ->(p) { File.delete("#{p["dir"]}/w/x") },
  "write handlers" => ->(p) { File.open("#{p["own"]}.new.rb", "w") { |f| f.write("y") } },
  "write elsewhere" => ->(p) { File.open("#{p["dir"]}/new", "w") { |f| f.write("y") } },
  "delete elsewhere" => ->(p) { File.delete("#{p["dir"]}/secret") },
  "symlink" => ->(p) { File.symlink("/etc/passwd", "#{p["dir"]}/w/l") },
  "rename" => ->(p) { File.rename("#{p["dir"]}/secret", "#{p["dir"]}/w/l") },
  "chmod" => ->(p) { File.chmod(0777, "#{p["dir"]}/secret") },
  "popen" => ->(p) { IO.popen("id").read },
  "backtick" => ->(p) { `id` },
  "control socket" => ->(p) { UNIXSocket.new(p["socket"]).write("stop\n") },
  "unix server" => ->(p) { UNIXServer.new("#{p["dir"]}/w/s") },
  "tcp server" => ->(p) { TCPServer.new("127.0.0.1", 0) },
  "raw socket" => ->(p) { Socket.new(Socket::AF_INET, Socket::SOCK_RAW, 1) },
  "packet socket" => ->(p) { Socket.new(17, Socket::SOCK_DGRAM, 0) },
  "environment" => ->(p) { File.open("/proc/self/environ").read },
  "own memory" => ->(p) { File.open("/proc/self/mem", "r+") },
  "stdin" => ->(p) { IO.for_fd(0, "r").read },
  "a pipe" => ->(p) { r, w = IO.pipe; w.write("x"); w.close; r.read },
  "names" => ->(p) { Addrinfo.getaddrinfo("localhost", 80).size > 0 },
  "local time" => ->(p) { Time.local(2020).to_i > 0 }
}

Cloud.function("escapes") { ESCAPES.keys }
Cloud.function("escape") do |req|
  begin
    ESCAPES[req.params["way"]].call(req.params)
  rescue StandardError => e
    "refused: #{e.message}"
  end
end
Cloud.function("say") do |req|
  STDOUT.puts "from STDOUT"
  $stdout.write "from $stdout\n"
  $stderr.puts "from $stderr"
  STDERR.print "from STDERR"
  puts "from puts"
  print "from print"
  p :p
  IO.for_fd(1, "w").write("from descriptor 1\nand again\n")
  nil
end
Cloud.function("flood") { |req| o = IO.for_fd(1, "w"); req.params["n"].times { o.write("x" * 1000 + "\n") }; "said" }
