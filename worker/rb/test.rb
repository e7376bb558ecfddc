# test.rb: what a test file of `deferd-worker -t` sees besides what handlers see. Loaded
# then only. The C half is usertest_ask.c.
class AssertionError < StandardError; end

module Cloud
  # What became of a call.
  class Outcome
    attr_reader :name, :value, :status, :headers, :error_class, :message, :code, :cause, :backtrace, :seconds

    def initialize(name, parts)
      @name = name
      @value, @status, @headers, @error_class, @message, @code, @cause, @backtrace, us = parts
      @headers ||= {}
      @seconds = us / 1000000.0
    end

    def ok?
      @cause.nil?
    end

    def inspect
      ok? ? "#<Cloud::Outcome #{@name}: #{@value.inspect}>" : "#<Cloud::Outcome #{@name}: #{@error_class}: #{@message}>"
    end
  end

  # Raised by call when the handler failed.
  class CallFailed < StandardError
    attr_reader :outcome

    def initialize(outcome)
      @outcome = outcome
      at = outcome.backtrace ? " (#{outcome.backtrace[0]})" : ""
      super("#{outcome.name} failed: #{outcome.error_class}: #{outcome.message}#{at}")
    end
  end

  # A test's block runs as a method of one of these, as a handler's does.
  class TestCase < Handler
    ENVELOPE = [:query, :path_params, :headers, :ip, :context]
    OPTIONS = [:kind, :timeout, :cancel, :master] + ENVELOPE

    def __call(req)
      HTTP.__forget_stubs
      value = __test(req)
      Deferred === value ? value.then { nil } : nil
    end

    def assert(truth, message = "it is #{truth.inspect}")
      truth || __fail(message)
    end

    def assert_equal(want, got, message = nil)
      return true if want == got
      __fail("#{message ? "#{message}: " : ''}wanted #{want.inspect}, got #{got.inspect}")
    end

    def assert_raises(error_class = StandardError, message = nil)
      begin
        yield
      rescue AssertionError => e
        raise e
      rescue Exception => e
        return e if e.is_a?(error_class) && (message.nil? || e.message.include?(message))
        __fail("wanted #{error_class}#{message ? " with \"#{message}\"" : ''}, got #{e.class}: #{e.message}")
      end
      __fail("wanted #{error_class}, but nothing was raised")
    end

    def __fail(message)
      Deferd::Tests.failures << "#{Cloud.__place}: #{message}"
      raise AssertionError, message
    end

    # Runs a handler as a task of its own, as if a client had called it.
    def reply(name, params = nil, options = nil)
      options ||= {}
      options.each do |key, _|
        raise ArgumentError, "unknown option #{key}: (there are #{OPTIONS.join(', ')})" unless OPTIONS.include?(key)
      end
      envelope = [params, nil] + ENVELOPE.map { |key| options[key] } + [options[:master] ? 1 : 0]
      timeout = Cloud.__duration_option("call", options, :timeout)
      cancel = options[:cancel].nil? ? -1.0 : options[:cancel].to_f
      parts = Deferd.__test_run(options[:kind].to_s, name.to_s, envelope, timeout, cancel).await
      Outcome.new(name.to_s, parts)
    end

    def call(name, params = nil, options = nil)
      outcome = reply(name, params, options)
      raise CallFailed.new(outcome) unless outcome.ok?
      outcome.value
    end

    def call_error(name, params = nil, options = nil)
      outcome = reply(name, params, options)
      __fail("#{name} did not fail: #{outcome.value.inspect}") if outcome.ok?
      outcome
    end

    def advance(seconds)
      Deferred.delay(seconds).await
      now
    end

    def now
      Deferd.__test_now
    end

    def log
      Deferd::Tests.log
    end

    def enqueued
      Deferd::Tests.enqueued
    end

    def run_enqueued
      tasks = enqueued.dup
      enqueued.clear
      tasks.map { |task| call(task["name"], task["params"], { kind: task["kind"] }) }
    end

    def troubles
      Deferd::Tests.troubles
    end
  end
end

module Deferd
  # What the test that runs has seen. C calls told, begin and report.
  module Tests
    class << self
      attr_reader :log, :enqueued, :troubles, :failures

      def named(name)
        @names ||= {}
        raise ArgumentError, "two tests are named \"#{name}\"" if @names[name]
        @names[name] = true
      end

      def begin
        @log = []
        @enqueued = []
        @troubles = []
        @failures = []
      end

      def told(what, value)
        case what
        when "log" then @log << value
        when "trouble" then @troubles << value
        when "enqueue" then @enqueued << value
        end
      end

      def report
        @failures + @troubles
      end
    end
  end
end

module Kernel
  def test(name, options = nil, &block)
    raise ArgumentError, "test \"#{name}\" needs a block" unless block
    unless options.nil? || (options.is_a?(Hash) && options.keys == [:timeout])
      raise ArgumentError, "test \"#{name}\": the only option is timeout:"
    end
    Cloud.__check_block("test \"#{name}\"", block)
    test = Class.new(Cloud::TestCase)
    Cloud.__define(test, :__test, block)
    Deferd::Tests.named(name.to_s)
    Deferd.__test_add
    Cloud.__register("job", "test: #{name}", Cloud.__place(block), test, nil,
                     Cloud.__numbers("job", name, options), nil, nil)
  end
end

class Time
  def self.now
    us = Deferd.__test_wall_us
    at(us / 1000000, us % 1000000)
  end
end

module HTTP
  # What a stub's block is given.
  class StubRequest
    attr_reader :verb, :url, :headers, :body

    def initialize(verb, url, lines, body)
      @verb = verb
      @url = url
      @body = body
      @headers = {}
      lines.each do |line|
        name, value = line.split(": ", 2)
        @headers[name.downcase] = value
      end
    end

    def json
      JSON.parse(@body)
    end
  end

  class Response
    def self.__stubbed(value, url)
      value = [value] if value.is_a?(Integer)
      value = [200, value] unless value.is_a?(Array) && value[0].is_a?(Integer)
      new.__fill(value[0], value[1], value[2] || {}, url)
    end

    def __fill(status, body, headers, url)
      @status = status
      @url = url
      @headers = {}
      @headers["content-type"] = "application/json" unless body.nil? || body.is_a?(String)
      headers.each { |name, v| @headers[name.to_s.downcase] = v.to_s }
      @body = body.nil? || body.is_a?(String) ? body.to_s : JSON.generate(body)
      self
    end

    def __stream(block)
      if block && ok?
        block.call(@body)
        @body = ""
      end
      self
    end
  end

  class Stream
    attr_reader :block
  end

  # At the top of a file it is there for all tests, in a test for the rest of that one.
  def self.stub(verb, url, after: 0, &block)
    raise ArgumentError, "HTTP.stub needs a block { |request| ... }" unless block
    @stubs ||= []
    @stubs << [verb.to_s.upcase, url, after, block]
    @lasting = @stubs.size if Deferd.__test_now.nil?
    nil
  end

  def self.__forget_stubs
    @stubs = (@stubs || [])[0, @lasting || 0]
  end

  def self.__stub_for(verb, url)
    bare = url.split("?")[0]
    (@stubs || []).reverse.find do |v, u, _|
      (v == verb || v == "*") &&
        (u == url || u == bare || (u[-1] == "*" && url.start_with?(u[0, u.size - 1])))
    end
  end

  def self.__request(verb, url, lines, body, timeout_ms, _connect_ms, _redirects, _max_body, stream)
    found = __stub_for(verb, url)
    unless found
      text = "#{verb} #{url}: no HTTP.stub answers it"
      Deferd::Tests.failures << "#{Cloud.__place}: #{text}"
      raise HTTP::Error.new("unavailable", text, url)
    end
    limit = timeout_ms / 1000.0
    late = found[2] > limit
    d = Deferred.__delay((late ? limit : found[2]).to_f, nil)
    Deferd.__test_io(d)
    d.then do
      raise HTTP::Error.new("timeout", "#{verb} #{url}: no answer in time", url) if late
      value = await(found[3].call(StubRequest.new(verb, url, lines, body)))
      Response.__stubbed(value, url).__stream(stream && stream.block)
    end
  end
end
