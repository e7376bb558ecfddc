# cloud.rb: registering handlers. The C half is api_cloud.c.
module Cloud
  class Handler; end

  KNOWN_OPTIONS = {
    "function" => [:timeout, :burst, :repeat, :retries, :detached],
    "event" => [:timeout, :burst, :repeat, :retries, :detached],
    "service" => [:timeout, :burst, :repeat, :retries, :detached],
    "timer" => [:every, :cron, :at, :frequency, :on, :zone, :start, :expire, :missed, :overlap,
                :priority, :timeout, :burst, :repeat, :retries, :detached],
    "job" => [:timeout, :burst, :repeat, :retries, :detached]
  }
  LATER_OPTIONS = [:delay, :key, :concurrent, :async,
                   :require_user, :require_master, :validate, :fields]
  PRIORITIES = {
    "main" => 1, "async" => 1, "low" => 2, "async_low_priority" => 2, "async-low-priority" => 2
  }
  DETACHED = { "" => 0, "wait" => 1, "warn" => 2, "fail" => 3 }

  def self.function(name, options = nil, &block)
    __add("function", name, options, block)
  end

  def self.define(name, options = nil, &block)
    __add("function", name, options, block)
  end

  def self.event(name, options = nil, &block)
    __add("event", name, options, block)
  end

  def self.job(name, options = nil, &block)
    __add("job", name, options, block)
  end

  def self.service(name, service = nil, options = nil)
    unless service.is_a?(Class) && service < Cloud::Service
      raise ArgumentError, "Cloud.service \"#{name}\": its class must inherit from Cloud::Service"
    end
    __check_name("service", name)
    __numbers("service", name, options)
    @services ||= []
    @services << [name.to_s, service, options, __place]
    nil
  end

  [:before, :after, :type, :before_save, :after_save, :before_delete, :after_delete,
   :before_find, :after_find, :before_login, :after_login, :after_logout].each do |word|
    define_singleton_method(word) do |*_args, &_block|
      raise NotImplementedError, "Cloud.#{word} is not available yet"
    end
  end

  def self.__check_name(kind, name)
    unless name.is_a?(String) || name.is_a?(Symbol)
      raise ArgumentError, "Cloud.#{kind}: the name must be a String"
    end
    raise ArgumentError, "Cloud.#{kind}: the name is empty" if name.to_s.empty?
    raise ArgumentError, "Cloud.#{kind}: the name is longer than 200 bytes" if name.to_s.bytesize > 200
  end

  def self.__add(kind, name, options, block, timing = nil)
    __check_name(kind, name)
    raise ArgumentError, "Cloud.#{kind} \"#{name}\": it needs a block { |req| ... }" unless block
    numbers = __numbers(kind, name, options)
    __register(kind, name.to_s, __place(block), __handler_class(kind, name, block), nil, numbers, nil, nil,
               timing)
    nil
  end

  # The block becomes a method, so that return and break in it work, of a class of which
  # every task gets a new instance.
  def self.__handler_class(kind, name, block)
    __check_block("Cloud.#{kind} \"#{name}\"", block)
    handler = Class.new(Handler)
    __define(handler, :__call, block)
    handler
  end

  def self.__check_block(what, block)
    return if [0, 1, -1, -2].include?(block.arity)
    raise ArgumentError, "#{what}: its block takes one argument, req, not #{block.arity}"
  end

  def self.__define(handler, method, block)
    if block.arity == 0
      bare = "#{method}_bare".to_sym
      handler.__send__(:define_method, bare, &block)
      handler.__send__(:define_method, method) { |_req| __send__(bare) }
    else
      handler.__send__(:define_method, method, &block)
    end
  end

  # [timeout_ms, burst_ms, every_ms, execution, flags, detached, attempts]
  def self.__numbers(kind, name, options)
    what = "Cloud.#{kind} \"#{name}\""
    options = {} if options.nil?
    raise ArgumentError, "#{what}: options are written as timeout: \"10s\"" unless options.is_a?(Hash)
    options.each { |key, _| __check_option(kind, what, key) }
    [
      __duration_option(what, options, :timeout),
      __duration_option(what, options, :burst),
      __duration_option(what, options, :every),
      __priority(what, options[:priority]),
      options[:repeat] == false ? 1 : 0,
      __detached(what, options[:detached]),
      __attempts(what, options[:retries])
    ]
  end

  # 0: the kind's default
  def self.__attempts(what, retries)
    return 0 if retries.nil?
    unless retries.is_a?(Integer) && retries >= 0 && retries <= 100
      raise ArgumentError, "#{what}: retries is a number from 0 to 100"
    end
    retries + 1
  end

  def self.__check_option(kind, what, key)
    known = KNOWN_OPTIONS[kind]
    return if known.include?(key)
    if LATER_OPTIONS.include?(key)
      raise NotImplementedError, "#{what}: #{key}: is not available yet"
    end
    raise ArgumentError, "#{what}: unknown option #{key}: (there are #{known.join(', ')})"
  end

  def self.__duration_option(what, options, key)
    options[key].nil? ? 0 : __duration("#{what}: #{key}", options[key])
  end

  def self.__priority(what, priority)
    return 1 if priority.nil?
    PRIORITIES[priority.to_s] || raise(ArgumentError, "#{what}: priority is :main or :low")
  end

  def self.__detached(what, policy)
    DETACHED[policy.to_s] || raise(ArgumentError, "#{what}: detached is :wait, :warn or :fail")
  end

  # All files are loaded: what classes offer is known now.
  def self.__finish
    (@services || []).each do |name, service, options, place|
      service.__register_all(name, __numbers("service", name, options), place)
    end
    @services = nil
  end
end
