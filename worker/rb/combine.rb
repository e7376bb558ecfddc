# combine.rb: deferreds made of deferreds.
class Deferred
  # The values of all, in order; rejected as soon as one is.
  def self.all(list, &callback)
    items = __items("all", list)
    out = __from(items)
    values = Array.new(items.size)
    left = items.size
    out.__settle(true, values) if left == 0
    no = proc { |e| out.__settle(false, e) }
    items.each_with_index do |d, i|
      d.__then(proc { |v|
                 values[i] = v
                 left -= 1
                 out.__settle(true, values) if left == 0
               }, no)
    end
    callback ? out.__callback(callback) : out
  end

  # What became of each: {"status" => "fulfilled", "value" => v}, or "rejected", "reason".
  def self.all_settled(list, &callback)
    items = __items("all_settled", list)
    out = __from(items)
    outcomes = Array.new(items.size)
    left = items.size
    out.__settle(true, outcomes) if left == 0
    items.each_with_index do |d, i|
      done = proc { |outcome|
        outcomes[i] = outcome
        left -= 1
        out.__settle(true, outcomes) if left == 0
      }
      d.__then(proc { |v| done.call({ "status" => "fulfilled", "value" => v }) },
               proc { |e| done.call({ "status" => "rejected", "reason" => e }) })
    end
    callback ? out.__callback(callback) : out
  end

  # The first value; an AggregateError when all are rejected.
  def self.any(list, &callback)
    items = __items("any", list)
    out = __from(items)
    errors = Array.new(items.size)
    left = items.size
    out.__settle(false, AggregateError.new([])) if left == 0
    yes = proc { |v| out.__settle(true, v) }
    items.each_with_index do |d, i|
      d.__then(yes, proc { |e|
                      errors[i] = e
                      left -= 1
                      out.__settle(false, AggregateError.new(errors)) if left == 0
                    })
    end
    callback ? out.__callback(callback) : out
  end

  # As the first one that settles.
  def self.race(list, &callback)
    items = __items("race", list)
    out = __from(items)
    yes = proc { |v| out.__settle(true, v) }
    no = proc { |e| out.__settle(false, e) }
    items.each { |d| d.__then(yes, no) }
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
                   source.__release if out.__settle(false, late)
                 }, proc { |_| nil })
    callback ? out.__callback(callback) : out
  end

  def self.__items(name, list)
    list = list.to_a if list.is_a?(Enumerable)
    unless list.is_a?(Array)
      raise ArgumentError, "Deferred.#{name} takes a list of deferreds, not a #{list.class}"
    end
    list.map { |d| resolve(d) }
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

  # One that waited does no more.
  def __release
    waiting = @reactions.is_a?(Array) ? @reactions.size : 1
    __cancel if waiting < 2
  end

  def __cancel
    return unless @state.nil?
    unless __stop
      from = @source
      (from.is_a?(Array) ? from : [from]).each { |d| d.__release if d }
    end
    @handled = true
    __settle(false, Cloud::Cancelled.new("cancelled: nobody waits for it any more"))
  end
end
