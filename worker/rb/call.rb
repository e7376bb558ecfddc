# call.rb: calling other handlers: here, or as a task of its own.
module Cloud
  ENQUEUE_OPTIONS = [:kind, :priority, :execution, :timeout, :delay, :at, :retries, :key, :unique]

  # Runs another handler in this worker, within this task's lease and remaining time.
  def self.call(name, params = nil, options = nil, &callback)
    options.each do |key, _|
      raise ArgumentError, "Cloud.call: unknown option #{key}: (there is kind)" unless key == :kind
    end if options
    kind = __call_kind("Cloud.call", options)
    begin
      d = __call(kind, name.to_s, params)
    rescue Cloud::Error, TypeError => e
      d = Deferred.reject(e)
    end
    callback ? d.__callback(callback) : d
  end

  # Accepts a new task; a Deferred of its id.
  def self.enqueue(name, params = nil, options = nil, &callback)
    options = {} if options.nil?
    options.each do |key, _|
      unless ENQUEUE_OPTIONS.include?(key)
        raise ArgumentError, "Cloud.enqueue: unknown option #{key}: (there are #{ENQUEUE_OPTIONS.join(', ')})"
      end
    end
    begin
      d = __enqueue(__call_kind("Cloud.enqueue", options), name.to_s, params, __enqueue_numbers(options),
                    __enqueue_key(options, :key), __enqueue_key(options, :unique))
    rescue Cloud::Error, TypeError => e
      d = Deferred.reject(e)
    end
    callback ? d.__callback(callback) : d
  end

  # [execution, timeout_ms, delay_ms, at_ms, attempts]
  def self.__enqueue_numbers(options)
    what = "Cloud.enqueue"
    [
      __priority(what, options[:priority] || options[:execution]),
      __duration_option(what, options, :timeout),
      __duration_option(what, options, :delay),
      __instant(what, options[:at]),
      __attempts(what, options[:retries])
    ]
  end

  def self.__enqueue_key(options, option)
    key = options[option]
    return "" if key.nil?
    key = key.to_s
    return key unless key.empty? || key.bytesize > 200 || (options[:key] && options[:unique])
    raise ArgumentError, "Cloud.enqueue: #{option}: 1 to 200 bytes, and not both key and unique"
  end

  # Milliseconds since 1970; 0: none
  def self.__instant(what, at)
    return 0 if at.nil?
    at = Time.iso8601(at) if at.is_a?(String)
    return at.to_i * 1000 + at.usec / 1000 if at.is_a?(Time)
    raise ArgumentError, "#{what}: at: is a Time or a text like \"2027-01-31T12:00:00Z\""
  end

  def self.__call_kind(what, options)
    kind = options && options[:kind]
    return "" unless kind
    kind = kind.to_s
    unless ["function", "event", "service", "job"].include?(kind)
      raise ArgumentError, "#{what}: kind: is function, event, service or job"
    end
    kind
  end

  # Runs it here, for its result, or accepts a task, for its id: Events and Services.
  def self.__run(what, kind, name, args, options, callback)
    execution = __execution(what, args, options)
    if execution == "sync"
      call(name, args, { kind: kind }, &callback)
    else
      enqueue(name, args, { kind: kind, execution: execution }, &callback)
    end
  end

  def self.__execution(what, args, options)
    if options.nil? && args.is_a?(Hash) && args.keys == [:execution]
      raise ArgumentError, "#{what}: options follow the arguments, which may be nil: nil, execution: ..."
    end
    return "sync" if options.nil?
    options.each do |key, _|
      raise ArgumentError, "#{what}: unknown option #{key}: (there is execution)" unless key == :execution
    end
    word = (options[:execution] || :sync).to_s
    return word if ["sync", "async", "async_low_priority", "async-low-priority"].include?(word)
    raise ArgumentError, "#{what}: execution is :sync, :async or :async_low_priority"
  end
end

# Custom events, and services, by the names that they have elsewhere.
module Events
  # execution: :sync (the event's result), :async or :async_low_priority (a task's id)
  def self.dispatch(name, args = nil, options = nil, &callback)
    Cloud.__run("Events.dispatch", "event", name.to_s, args, options, callback)
  end
end

module Services
  def self.invoke(service, method, args = nil, options = nil, &callback)
    Cloud.__run("Services.invoke", "service", "#{service}/#{method}", args, options, callback)
  end
end
