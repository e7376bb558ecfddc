# call.rb: calling other handlers: here, or as a task of its own.
module Cloud
  LATER_ENQUEUE = [:delay, :at, :key, :retries, :attempts]

  # Runs another handler in this worker, within this task's lease and remaining time.
  def self.call(name, params = nil, options = nil, &callback)
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
      if LATER_ENQUEUE.include?(key)
        raise NotImplementedError, "Cloud.enqueue: #{key}: is not available yet"
      end
      unless [:kind, :priority, :execution, :timeout].include?(key)
        raise ArgumentError, "Cloud.enqueue: unknown option #{key}: (there are kind, priority, timeout)"
      end
    end
    execution = __priority("Cloud.enqueue", options[:priority] || options[:execution])
    timeout = __duration_option("Cloud.enqueue", options, :timeout)
    begin
      d = __enqueue(__call_kind("Cloud.enqueue", options), name.to_s, execution, params, timeout)
    rescue Cloud::Error, TypeError => e
      d = Deferred.reject(e)
    end
    callback ? d.__callback(callback) : d
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
end
