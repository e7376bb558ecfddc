# deferred.rb: Deferred, a promise as the Promises/A+ specification says; deferred.c has
# the other half. Here is what values mean and what users call.
class Deferred

  def initialize(&block)
    raise ArgumentError, "Deferred.new needs a block { |resolve, reject| ... }" unless block
    __mark_place
    resolve, reject = __settlers
    begin
      block.call(resolve, reject)
    rescue Exception => e
      reject.call(e)
    end
  end

  def self.resolve(value = nil)
    return value if Deferred === value
    d = __bare
    d.__resolve(value)
    d
  end

  def self.reject(reason = nil)
    d = __bare
    d.__mark_place
    d.__settle(false, reason)
    d
  end

  def self.delay(seconds, value = nil, &callback)
    d = __delay(seconds, value)
    callback ? d.__callback(callback) : d
  end

  def pending?
    @state.nil?
  end

  def fulfilled?
    @state == true
  end

  def rejected?
    @state == false
  end

  def reason
    @state == false ? @value : nil
  end

  def value
    @state ? @value : nil
  end

  def __state
    @state
  end

  def __value
    @value
  end

  def inspect
    what = @state.nil? ? "pending" : (@state ? "fulfilled #{@value.inspect}" : "rejected #{@value.inspect}")
    "#<Deferred #{what}>"
  end

  def to_s
    inspect
  end

  def finally(on_end = nil, &block)
    on_end = block if block
    raise ArgumentError, "finally needs a block" unless on_end.respond_to?(:call)
    __then(proc { |v| Deferred.resolve(on_end.call).__then(proc { |_| v }) },
           proc { |e| Deferred.resolve(on_end.call).__end_as(e) })
  end

  # Rejected with that reason when this is fulfilled, else with its own.
  def __end_as(reason)
    out = Deferred.__from([self])
    __then(proc { |_| out.__settle(false, reason) }, proc { |e| out.__settle(false, e) })
    out
  end

  # Suspends the fiber that calls it until this has settled.
  def await
    if @state.nil?
      stop = __wait
      if stop
        __adopt
        raise stop
      end
    end
    __adopt
    return @value if @state
    raise __error
  end

  # --- the other half's side ---

  # Two procs of which the first call counts.
  def __settlers
    done = false
    [proc { |v = nil|
       unless done
         done = true
         __resolve(v)
       end
       nil
     },
     proc { |e = nil|
       unless done
         done = true
         __settle(false, e)
       end
       nil
     }]
  end

  # Runs in a fiber: a block of then or of async, or a thenable's then.
  def __call(what)
    case @mode
    when nil then v = what.call(@source.__value)
    when 2 then return __ask(what)
    when 4 then return what.respond_to?(:then) ? __ask(what) : __settle(true, what)
    else
      __own
      v = what.call
    end
    __resolve(v)
  rescue Exception => e
    __fail(e)
  end

  def __ask(thenable)
    resolve, reject = __settlers
    begin
      thenable.then(resolve, reject)
    rescue Exception => e
      reject.call(e)
    end
  end

  # Frozen, it could not settle; a copy never would.
  def freeze
    self
  end

  def initialize_copy(_)
    raise TypeError, "a Deferred cannot be copied"
  end

  def __callback(callback)
    self.then(proc { |v| callback.call(nil, v) }, proc { |e| callback.call(e, nil) })
    self
  end
end

module Kernel
  # Suspends the handler until the deferred has settled; any other value comes back.
  def await(d)
    Deferred === d ? d.await : d
  end

  # Runs the block in a fiber of its own, soon; its Deferred settles as the block ends.
  def async(&block)
    raise ArgumentError, "async needs a block" unless block
    Deferred.__async(block)
  end

  # Every object has these in mruby: then would make all values look like thenables.
  undef_method :then
  undef_method :yield_self
end
