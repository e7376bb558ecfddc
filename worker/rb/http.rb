# http.rb: requests to other servers. The C half is http_ruby.c.
module HTTP
  OPTIONS = [:headers, :query, :body, :json, :form, :timeout, :connect_timeout, :redirects,
             :max_body, :on_data]
  # What libcurl writes itself, or must not be told.
  OWN_HEADERS = ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade",
                 "te", "trailer", "expect", "proxy-connection"]

  # No answer came, or none that may be used. What the server answers is none, whatever its
  # status.
  class Error < StandardError
    attr_reader :code, :url

    def initialize(code = nil, message = nil, url = nil)
      @code = code
      @url = url
      super(message.nil? ? code.to_s : message)
    end
  end

  class Response
    attr_reader :status, :headers, :body, :url

    def ok?
      @status >= 200 && @status < 300
    end

    def json
      @json = [JSON.parse(@body)] unless @json
      @json[0]
    end

    def [](name)
      @headers[name.to_s.downcase]
    end

    def inspect
      "#<HTTP::Response #{@status} #{@url}>"
    end
  end

  # Hands what comes to a block, in a fiber of the handler.
  class Stream
    def initialize(block)
      @block = block
    end

    def __call(_)
      while (chunk = __take)
        @block.call(chunk)
      end
    rescue Exception => e
      __fail(e)
    end
  end

  def self.get(url, options = nil, &callback)
    __go("GET", url, options, callback)
  end

  def self.head(url, options = nil, &callback)
    __go("HEAD", url, options, callback)
  end

  def self.post(url, options = nil, &callback)
    __go("POST", url, options, callback)
  end

  def self.put(url, options = nil, &callback)
    __go("PUT", url, options, callback)
  end

  def self.patch(url, options = nil, &callback)
    __go("PATCH", url, options, callback)
  end

  def self.delete(url, options = nil, &callback)
    __go("DELETE", url, options, callback)
  end

  def self.request(url, options = nil, &callback)
    options = options ? options.dup : {}
    verb = (options.delete(:method) || "GET").to_s.upcase
    __go(verb, url, options, callback)
  end

  def self.__go(verb, url, options, callback)
    options = {} if options.nil?
    __check(verb, options)
    lines = __headers(options[:headers])
    body = __body(verb, options, lines)
    url = url.to_s
    url = __join(url, __encode("query", options[:query])) if options[:query]
    stream = options[:on_data] ? Stream.new(options[:on_data]) : nil
    begin
      d = __request(verb, url, lines, body, __ms(options, :timeout, 30), __ms(options, :connect_timeout, 10),
                    options[:redirects] || 5, options[:max_body] || 0, stream)
      d.__mark_place
    rescue HTTP::Error => e
      d = Deferred.reject(e)
    end
    callback ? d.__callback(callback) : d
  end

  def self.__check(verb, options)
    raise ArgumentError, "HTTP: options are written as timeout: 5" unless options.is_a?(Hash)
    options.each do |key, _|
      next if OPTIONS.include?(key)
      raise ArgumentError, "HTTP: unknown option #{key}: (there are #{OPTIONS.join(', ')})"
    end
    if verb.empty? || verb.size > 15 || verb == "CONNECT" || verb == "TRACE" || !__word?(verb)
      raise ArgumentError, "HTTP: \"#{verb}\" is no method"
    end
    redirects = options[:redirects]
    unless redirects.nil? || (redirects.is_a?(Integer) && redirects >= 0 && redirects <= 20)
      raise ArgumentError, "HTTP: redirects: is a number from 0 to 20"
    end
    max_body = options[:max_body]
    unless max_body.nil? || (max_body.is_a?(Integer) && max_body > 0)
      raise ArgumentError, "HTTP: max_body: is a number of bytes"
    end
    on_data = options[:on_data]
    return if on_data.nil? || on_data.respond_to?(:call)
    raise ArgumentError, "HTTP: on_data: is a proc { |bytes| }"
  end

  def self.__ms(options, key, otherwise)
    return otherwise * 1000 if options[key].nil?
    ms = Cloud.__duration("HTTP: #{key}", options[key])
    raise ArgumentError, "HTTP: #{key}: must be more than 0" if ms < 1
    ms
  end

  # Letters, digits and what else a method or a header's name may have.
  def self.__word?(text)
    text.each_byte do |c|
      return false if c <= 32 || c >= 127 || "\"(),/:;<=>?@[\\]{}".include?(c.chr)
    end
    !text.empty?
  end

  def self.__headers(headers)
    return [] if headers.nil?
    raise ArgumentError, "HTTP: headers: is a Hash" unless headers.is_a?(Hash)
    headers.map do |name, value|
      name = name.to_s
      text = value.to_s
      raise ArgumentError, "HTTP: \"#{name}\" is no name of a header" if name.size > 200 || !__word?(name)
      if text.include?("\r") || text.include?("\n") || text.include?("\0")
        raise ArgumentError, "HTTP: the header #{name} has a line break"
      end
      if OWN_HEADERS.include?(name.downcase)
        raise ArgumentError, "HTTP: the header #{name} is not for handlers to set"
      end
      "#{name}: #{text}"
    end
  end

  def self.__body(verb, options, lines)
    kinds = [:body, :json, :form].select { |k| options.key?(k) }
    raise ArgumentError, "HTTP: #{kinds.join(': and ')}: exclude each other" if kinds.size > 1
    case kinds[0]
    when :json
      __type(lines, "application/json")
      JSON.generate(options[:json])
    when :form
      __type(lines, "application/x-www-form-urlencoded")
      __encode("form", options[:form])
    when :body
      options[:body].nil? ? nil : options[:body].to_s
    else
      ["POST", "PUT", "PATCH"].include?(verb) ? "" : nil
    end
  end

  def self.__type(lines, type)
    lines << "Content-Type: #{type}" unless lines.any? { |l| l[0, 13].downcase == "content-type:" }
  end

  # {"a" => [1, 2], "b" => "x y"} -> "a=1&a=2&b=x%20y"; a String as it is
  def self.__encode(what, values)
    return values if values.is_a?(String)
    raise ArgumentError, "HTTP: #{what}: is a Hash or a String" unless values.is_a?(Hash)
    pairs = []
    values.each do |name, value|
      name = __escape(name.to_s)
      (value.is_a?(Array) ? value : [value]).each { |v| pairs << "#{name}=#{__escape(v.to_s)}" }
    end
    pairs.join("&")
  end

  def self.__join(url, query)
    return url if query.empty?
    main, fragment = url.split("#", 2)
    "#{main}#{main.include?('?') ? '&' : '?'}#{query}#{fragment ? "##{fragment}" : ''}"
  end
end
