# hide.rb: mruby's blocking classes are taken away from handlers, unless the app says
# blocking_io. A guard rail, not a wall.
module Deferd
  HIDDEN = {
    "IO" => "puts, req.log.info",
    "File" => "Cloud.load for code",
    "FileTest" => "Cloud.load for code",
    "Socket" => nil, "BasicSocket" => nil, "IPSocket" => nil, "TCPSocket" => nil, "TCPServer" => nil,
    "UDPSocket" => nil, "UNIXSocket" => nil, "UNIXServer" => nil, "Addrinfo" => nil, "SocketError" => nil,
    "STDIN" => nil, "STDOUT" => "puts, req.log.info", "STDERR" => "req.log.error"
  }

  class Output
    def puts(*values)
      values.each { |v| Deferd.__log(2, v.to_s) }
      nil
    end

    def print(*values)
      Deferd.__log(2, values.join)
      nil
    end

    def write(*values)
      values.each { |v| Deferd.__log(2, v.to_s) }
      values.inject(0) { |n, v| n + v.to_s.size }
    end

    def flush
      self
    end

    def sync
      true
    end

    def sync=(value)
      value
    end

    def <<(value)
      Deferd.__log(2, value.to_s)
      self
    end
  end

  def self.__advice(name)
    case name.to_s
    when "HTTP", "Data" then "#{name} is not available yet"
    when "Thread", "Mutex", "Queue", "Process", "Dir", "Kernel", "Signal"
      "#{name} does not exist in handlers: use async { } and Deferred"
    when "Regexp" then "Regexp does not exist in mruby: use String#index, split, start_with?"
    when "Set" then "Set does not exist in mruby: use a Hash"
    else
      return nil unless HIDDEN.key?(name.to_s)
      use = HIDDEN[name.to_s]
      "#{name} would block the worker and is hidden" + (use ? ": use #{use}" : "") +
        " (blockingIo: true in the app's config shows it)"
    end
  end

  def self.__hide_blocking
    output = Output.new
    $stdout = output
    $stderr = output
    $stdin = nil
    HIDDEN.each { |name, _| Object.__send__(:remove_const, name.to_sym) if Object.const_defined?(name.to_sym) }
    [:`, :open, :gets, :readline, :readlines, :__printstr__].each do |m|
      Kernel.__send__(:undef_method, m) if Kernel.method_defined?(m)
    end
  end
end

class Module
  def const_missing(name)
    advice = Deferd.__advice(name)
    raise NameError, advice if advice
    raise NameError, "uninitialized constant #{self == Object ? name : "#{self}::#{name}"}"
  end
end
