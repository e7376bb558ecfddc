# combine.rb: deferreds made of deferreds, as ECMAScript makes them: what the list's each
# yields is made a deferred and waited for as it comes; an error of each rejects.
class Deferred
  # The values of all, in order; rejected as soon as one is.
  def self.all(list, &callback)
    values = []
    left = 1
    no = nil
    out = __combine("all", list) do |all, d, i|
      left += 1
      no ||= proc { |e| all.__settle(false, e) }
      d.__then(proc { |v|
                 values[i] = v
                 left -= 1
                 all.__settle(true, values) if left == 0
               }, no)
    end
    left -= 1
    out.__settle(true, values) if left == 0
    callback ? out.__callback(callback) : out
  end

  # What became of each: {"status" => "fulfilled", "value" => v}, or "rejected", "reason".
  def self.all_settled(list, &callback)
    outcomes = []
    left = 1
    out = __combine("all_settled", list) do |all, d, i|
      left += 1
      done = proc { |outcome|
        outcomes[i] = outcome
        left -= 1
        all.__settle(true, outcomes) if left == 0
      }
      d.__then(proc { |v| done.call({ "status" => "fulfilled", "value" => v }) },
               proc { |e| done.call({ "status" => "rejected", "reason" => e }) })
    end
    left -= 1
    out.__settle(true, outcomes) if left == 0
    callback ? out.__callback(callback) : out
  end

  # The first value; an AggregateError when all are rejected.
  def self.any(list, &callback)
    errors = []
    left = 1
    yes = nil
    out = __combine("any", list) do |any, d, i|
      left += 1
      yes ||= proc { |v| any.__settle(true, v) }
      d.__then(yes, proc { |e|
                      errors[i] = e
                      left -= 1
                      any.__settle(false, AggregateError.new(errors)) if left == 0
                    })
    end
    left -= 1
    out.__settle(false, AggregateError.new(errors)) if left == 0
    callback ? out.__callback(callback) : out
  end

  # As the first one that settles.
  def self.race(list, &callback)
    yes = no = nil
    out = __combine("race", list) do |race, d, _|
      yes ||= proc { |v| race.__settle(true, v) }
      no ||= proc { |e| race.__settle(false, e) }
      d.__then(yes, no)
    end
    callback ? out.__callback(callback) : out
  end

  # Rejected with Cloud::Timeout when this does not settle in time. What this waits for is
  # then cancelled, unless somebody else waits for it too.
  def timeout(seconds, &callback)
    source = self
    timer = Deferred.delay(seconds)
    out = Deferred.__from([source, timer])
    source.__then(proc { |v|
                    timer.__cancel
                    out.__settle(true, v)
                  }, proc { |e|
                    timer.__cancel
                    out.__settle(false, e)
                  })
    timer.__then(proc { |_|
                   late = Cloud::Timeout.new("not settled within #{seconds} s")
                   source.__cancel if out.__settle(false, late) && source.__waiters < 2
                 }, proc { |_| nil })
    callback ? out.__callback(callback) : out
  end

  def self.__combine(name, list)
    sources = []
    out = __from(sources)
    begin
      if !list.respond_to?(:each) || list.is_a?(Hash)
        raise ArgumentError, "Deferred.#{name} takes a list of deferreds, not a #{list.class}"
      end
      list.each do |x|
        d = resolve(x)
        sources << d
        yield out, d, sources.size - 1
      end
    rescue Exception => e
      out.__settle(false, e)
    end
    out
  end

  def self.__from(sources)
    out = __bare
    out.__mark_place
    out.__come_from(sources)
    out
  end

  def __come_from(sources)
    @source = sources
  end

  def __sources
    @source.is_a?(Array) ? @source : [@source]
  end

  def __waiters
    @reactions.is_a?(Array) ? @reactions.size : 1
  end

  # Ends it, the work behind it, and what only it waited for.
  def __cancel
    cancelled = Cloud::Cancelled.new("cancelled: nobody waits for it any more")
    left = [self]
    while (d = left.pop)
      next unless d.pending?
      d.__sources.each { |s| left << s if s && s.__waiters < 2 } unless d.__stop
      d.__give_up(cancelled)
    end
  end

  def __give_up(cancelled)
    @handled = true
    __settle(false, cancelled)
  end
end
