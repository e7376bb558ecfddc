# 2.2.1 to 2.2.4: the blocks given to then, and when they are called.
NO_BLOCKS = [["nil", nil], ["false", false], ["5", 5], ["a String", "text"], ["an object", Object.new], ["an Array", []], ["a Hash", {}]]
NO_BLOCKS.each do |text, x|
  test("2.2.1.1 #{text} in place of on_fulfilled, of a deferred that is rejected") do
    seen = []
    Deferred.reject(DUMMY).then(x, proc { |_| seen << 1 })
    rest
    same([1], seen)
  end
  test("2.2.1.1 #{text} in place of on_fulfilled, further down a chain") do
    seen = []
    Deferred.reject(DUMMY).then(proc { |_| nil }, nil).then(x, proc { |_| seen << 1 })
    rest
    same([1], seen)
  end
  test("2.2.1.2 #{text} in place of on_rejected, of a deferred that is fulfilled") do
    seen = []
    Deferred.resolve(DUMMY).then(proc { |_| seen << 1 }, x)
    rest
    same([1], seen)
  end
  test("2.2.1.2 #{text} in place of on_rejected, further down a chain") do
    seen = []
    Deferred.resolve(DUMMY).then(nil, proc { |_| nil }).then(proc { |_| seen << 1 }, x)
    rest
    same([1], seen)
  end
  test("2.2.1.2 #{text} in place of the block of catch") do
    Outcome.new(Deferred.reject(SENTINEL).catch(x)).is(:rejected, SENTINEL)
  end
end
class Callable
  attr_reader :got
  def call(x) @got = x end
end
test("2.2.1 what has a method call is as good as a proc") do
  a = Callable.new
  b = Callable.new
  Deferred.resolve(1).then(a)
  Deferred.reject(2).then(nil, b)
  rest
  same([1, 2], [a.got, b.got])
end
test("2.2.1 lambdas, Methods and & of a Symbol serve") do
  def self.twice(x) x * 2 end
  Outcome.new(Deferred.resolve(2).then(lambda { |x| x + 1 }).then(&method(:twice)).then(&:to_s)).is(:fulfilled, "6")
end

[true, false].each do |ok|
  clause = ok ? "2.2.2" : "2.2.3"
  name = ok ? "on_fulfilled" : "on_rejected"
  word = ok ? "fulfilled" : "rejected"
  on = proc { |d, block| quiet(ok ? d.then(block, proc { |_| raise "the other one" }) : d.then(proc { |_| raise "the other one" }, block)) }

  test_settled("#{clause}.1 #{name} is called with the #{ok ? 'value' : 'reason'} as its argument", ok, SENTINEL) do |d, go|
    seen = []
    on.call(d, proc { |*x| seen << x })
    go.call
    same([[SENTINEL]], seen)
  end
  test("#{clause}.2 #{name} is not called before it has #{word}") do
    d, resolve, reject = settlers
    seen = []
    on.call(d, proc { |_| seen << 1 })
    3.times { rest; same([], seen) }
    (ok ? resolve : reject).call(DUMMY)
    rest
    same([1], seen)
  end
  test("#{clause}.2 #{name} is never called when it is never #{word}") do
    d, resolve, reject = settlers
    seen = []
    if ok
      d.then { |_| seen << 1 }.catch { nil }
    else
      d.then(nil, proc { |_| seen << 1 })
    end
    rest
    (ok ? reject : resolve).call(DUMMY)
    rest
    same([], seen)
  end
  test("#{clause}.3 #{name} is called once: already #{word}") do
    seen = []
    on.call(ok ? Deferred.resolve(DUMMY) : Deferred.reject(DUMMY), proc { |_| seen << 1 })
    rest
    rest
    same([1], seen)
  end
  [["twice at once", 0, 0], ["twice after a while", 1, 0], ["at once and after a while", 0, 1]].each do |text, first, second|
    test("#{clause}.3 #{name} is called once: #{word} #{text}") do
      d, resolve, reject = settlers
      seen = []
      on.call(d, proc { |x| seen << x })
      rest(first)
      (ok ? resolve : reject).call(SENTINEL)
      rest(second)
      (ok ? resolve : reject).call(OTHER)
      rest
      same([SENTINEL], seen)
    end
  end
  test("#{clause}.3 #{name} is called once each when several subscribe, time apart") do
    d, resolve, reject = settlers
    seen = [0, 0, 0]
    3.times do |i|
      on.call(d, proc { |_| seen[i] += 1 })
      rest
    end
    (ok ? resolve : reject).call(DUMMY)
    rest
    same([1, 1, 1], seen)
  end
  test("#{clause}.3 #{name} is called once each when one subscribes before and one after") do
    d, resolve, reject = settlers
    seen = [0, 0]
    on.call(d, proc { |_| seen[0] += 1 })
    (ok ? resolve : reject).call(DUMMY)
    on.call(d, proc { |_| seen[1] += 1 })
    rest
    same([1, 1], seen)
  end

  # 2.2.4: a clean stack.
  settle = proc { |resolve, reject| (ok ? resolve : reject).call(DUMMY) }
  test_settled("2.2.4 then returns before #{name} is called", ok, DUMMY) do |d, go|
    returned = false
    on.call(d, proc { |_| yes(returned, "too early"); returned = :seen })
    returned = true
    go.call
    same(:seen, returned)
  end
  test("2.2.4 #{name} added just before it is #{word}") do
    d, resolve, reject = settlers
    called = false
    on.call(d, proc { |_| called = true })
    settle.call(resolve, reject)
    same(false, called)
    rest
    same(true, called)
  end
  test("2.2.4 #{name} added just after it is #{word}") do
    d, resolve, reject = settlers
    settle.call(resolve, reject)
    called = false
    on.call(d, proc { |_| called = true })
    same(false, called)
    rest
    same(true, called)
  end
  test("2.2.4 #{name} added inside of an on_fulfilled") do
    a = Deferred.resolve(1)
    d, resolve, reject = settlers
    settle.call(resolve, reject)
    first = second = nil
    a.then do
      done = false
      on.call(d, proc { |_| second = done })
      first = done = true
    end
    rest
    same([true, true], [first, second])
  end
  test("2.2.4 #{name} added inside of an on_rejected") do
    a = Deferred.reject(1)
    d, resolve, reject = settlers
    settle.call(resolve, reject)
    second = nil
    a.catch do
      done = false
      on.call(d, proc { |_| second = done })
      done = true
    end
    rest
    same(true, second)
  end
  test("2.2.4 #{name} when it is #{word} later, out of another stack") do
    d, resolve, reject = settlers
    done = false
    second = nil
    Deferred.delay(0.01).then do
      settle.call(resolve, reject)
      done = true
    end
    on.call(d, proc { |_| second = done })
    rest
    same(true, second)
  end
  test("2.2.4 #{name} while a block of async is in the midst of things") do
    d, resolve, reject = settlers
    log = []
    on.call(d, proc { |_| log << :block })
    async do
      settle.call(resolve, reject)
      log << :still
    end
    rest
    same([:still, :block], log)
  end
  test_settled("2.2.5 #{name} has the self of where it stands", ok, DUMMY) do |d, go|
    me = self
    seen = []
    on.call(d, proc { |_| seen << self })
    go.call
    yes(seen[0].equal?(me), "self is #{seen.inspect}")
  end
end
class Here
  def run(d)
    @seen = []
    d.then { |v| @seen << v << self.class }
    rest
    @seen
  end
end
test("2.2.5 a block sees the instance variables of where it stands") { same([3, Here], Here.new.run(Deferred.resolve(3))) }
