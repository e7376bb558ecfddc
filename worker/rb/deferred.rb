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
    return value if value.is_a?(Deferred)
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

  def then(on_ok = nil, on_err = nil, &block)
    on_ok = block if block
    on_ok = nil unless on_ok.respond_to?(:call)
    on_err = nil unless on_err.respond_to?(:call)
    __then(on_ok, on_err)
  end

  def catch(on_err = nil, &block)
    on_err = block if block
    __then(nil, on_err)
  end

  def finally(on_end = nil, &block)
    on_end = block if block
    raise ArgumentError, "finally needs a block" unless on_end
    __then(
      proc { |v| Deferred.resolve(on_end.call).__then(proc { |_| v }, nil) },
      proc { |e| Deferred.resolve(on_end.call).__then(proc { |_| Deferred.reject(e) }, nil) }
    )
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
    raise @value if @value.is_a?(Exception)
    raise Deferred::Rejected.new(@value)
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

  # The resolution procedure: a deferred is followed, a thenable asked, all else taken.
  def __resolve(v)
    if v.is_a?(Deferred)
      if v.equal?(self)
        __settle(false, TypeError.new("a deferred cannot be resolved with itself"))
      else
        __follow(v)
      end
    elsif __plain?(v)
      __settle(true, v)
    elsif v.respond_to?(:then)
      __post(2, v)
    else
      __settle(true, v)
    end
  end

  def __plain?(v)
    case v
    when nil, true, false, Numeric, String, Symbol, Array, Hash then true
    else false
    end
  end

  # A pending operation has its result.
  def __fire(v)
    __resolve(v)
  end

  # Runs in a fiber: a block of then, or of async; what a deferred follows; a thenable.
  def __call(_)
    return unless @state.nil?
    what = @on_ok
    case @mode
    when nil then __run_then
    when 1 then __settle(what.__state, what.__value)
    when 2 then __ask(what)
    else __run_async(what)
    end
  end

  def __run_then
    source = @source
    ok = source.__state
    block = ok ? @on_ok : @on_err
    @on_ok = @on_err = nil
    if block
      begin
        v = block.call(source.__value)
      rescue Exception => e
        __settle(false, e)
        return
      end
      __resolve(v)
    else
      __settle(ok, source.__value)
    end
  end

  def __run_async(block)
    @on_ok = nil
    __own
    begin
      v = block.call
    rescue Exception => e
      __settle(false, e)
      return
    end
    __resolve(v)
  end

  def __ask(thenable)
    @on_ok = nil
    resolve, reject = __settlers
    begin
      thenable.then(resolve, reject)
    rescue Exception => e
      reject.call(e)
    end
  end

  def __callback(callback)
    self.then(proc { |v| callback.call(nil, v) }, proc { |e| callback.call(e, nil) })
    self
  end
end

module Kernel
  # Suspends the handler until the deferred has settled; any other value comes back.
  def await(d)
    d.is_a?(Deferred) ? d.await : d
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
