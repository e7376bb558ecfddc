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

  # What stands for $stdout and $stderr, in every app: lines of the task's log.
  class Output
    def initialize(level)
      @level = level
    end

    def puts(*values)
      values = [""] if values.empty?
      values.each { |v| v.is_a?(Array) ? puts(*v) : __say(v) }
      nil
    end

    def print(*values)
      __say(values.join)
      nil
    end

    def printf(*values)
      __say(sprintf(*values))
      nil
    end

    def write(*values)
      values.each { |v| __say(v) }
      values.inject(0) { |n, v| n + v.to_s.size }
    end

    def <<(value)
      __say(value)
      self
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

    def __say(value)
      value.to_s.split("\n").each { |line| Deferd.__log(@level, line) }
    end
  end

  def self.__advice(name)
    case name.to_s
    when "Data" then "#{name} is not available yet"
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

  def self.__capture_output
    $stdout = Output.new(2)
    $stderr = Output.new(0)
    { STDOUT: $stdout, STDERR: $stderr }.each do |name, output|
      Object.__send__(:remove_const, name)
      Object.const_set(name, output)
    end
  end

  def self.__hide_blocking
    $stdin = nil
    HIDDEN.each { |name, _| Object.__send__(:remove_const, name.to_sym) if Object.const_defined?(name.to_sym) }
    [:`, :open, :gets, :readline, :readlines, :__printstr__].each do |m|
      Kernel.__send__(:undef_method, m) if Kernel.method_defined?(m)
    end
  end
end

Deferd.__capture_output

class Module
  def const_missing(name)
    advice = Deferd.__advice(name)
    raise NameError, advice if advice
    inside = self == Object ? "" : "#{self}::"
    meant = Deferd.__similar(name.to_s, constants - [:Deferd]) # which is for deferd alone
    raise NameError, "uninitialized constant #{inside}#{name}" + (meant ? ". Did you mean #{inside}#{meant}?" : "")
  end
end
