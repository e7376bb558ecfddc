# errors.rb: the exceptions of deferd.
module Cloud
  class Error < StandardError
    attr_reader :code, :status

    # Cloud::Error.new(101, "text", 404); also raise Cloud::Error, "text"
    def initialize(code = nil, message = nil, status = nil)
      if message.nil? && code.is_a?(String)
        message = code
        code = nil
      end
      @code = code
      @status = status
      super(message.nil? ? self.class.to_s : message.to_s)
    end
  end

  class Timeout < Error; end
  class Cancelled < Error; end

  # The task is to run again: after: so many seconds, or after the usual wait.
  class Retry < Error
    def initialize(message = nil, after: nil)
      unless after.nil? || ((after.is_a?(Integer) || after.is_a?(Float)) && after >= 0 && after <= 31_536_000)
        raise ArgumentError, "Cloud::Retry: after is a number of seconds, at most a year"
      end
      super(nil, message || "to be run again")
      @again = 1
      @again_ms = after.nil? ? 0 : [(after * 1000).to_i, 1].max
    end
  end

  # The task failed, and is not to run again.
  class Discard < Error
    def initialize(message = nil)
      super(nil, message || "not to be run again")
      @again = 2
    end
  end

  class Detached < Error; end

  # The reply that a handler chooses: status and headers with the body.
  class Response
    attr_reader :body, :status, :headers

    def initialize(body = nil, status: 200, headers: {})
      unless status.is_a?(Integer) && status >= 200 && status <= 599
        raise ArgumentError, "Cloud::Response: the status is a number from 200 to 599"
      end
      raise ArgumentError, "Cloud::Response: headers is a Hash" unless headers.is_a?(Hash)
      @body = body
      @status = status
      @headers = {}
      headers.each do |k, v|
        text = "#{k}#{v}"
        if k.to_s.empty? || text.include?("\r") || text.include?("\n") || text.include?("\0")
          raise ArgumentError, "Cloud::Response: a header with a line break, or without a name"
        end
        @headers[k.to_s] = v.to_s
      end
    end
  end

  # Binary: travels as such, and need not be UTF-8.
  class Bytes < String; end
end

class Deferred
  # What await raises when the reason is no exception.
  class Rejected < StandardError
    attr_reader :reason

    def initialize(reason = nil)
      @reason = reason
      super(reason.is_a?(String) ? reason : reason.inspect)
    end
  end

  # Deferred.any: all of them were rejected.
  class AggregateError < StandardError
    attr_reader :errors

    def initialize(errors = [], message = "all deferreds were rejected")
      @errors = errors
      super(message)
    end
  end
end
