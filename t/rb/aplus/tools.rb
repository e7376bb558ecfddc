# What the other files are written with. A test is a function whose name begins with its
# clause of Promises/A+ 1.1; it fails by raising. t/rb/aplus.t puts this before each file.
DUMMY = "a value that is of no matter"
SENTINEL = "the value that is looked for"
OTHER = "the value that must not come"
STATES = ["already", "immediately", "eventually"]

def test(name, &body)
  Cloud.function(name) do
    body.call
    nil
  end
end

# All that can run has run: the drive's clock costs nothing.
def rest(seconds = 0.05) Deferred.delay(seconds).await end

def same(want, got)
  return if want.equal?(got)
  raise "want #{want.inspect}, got #{got.inspect}" unless want.class == got.class && want == got
end

def yes(value, what) value ? nil : raise(what) end

# It is meant to be rejected, and nobody will look.
def quiet(*list) list.each { |d| d.catch { nil } } end

# [deferred, resolve, reject]
def settlers
  resolve = reject = nil
  d = Deferred.new { |yes, no| resolve = yes; reject = no }
  [d, resolve, reject]
end

# A deferred that has settled already, or does so when the proc is called; and the proc.
def made(state, ok, value)
  return [ok ? Deferred.resolve(value) : Deferred.reject(value), proc { nil }] if state == "already"
  d, resolve, reject = settlers
  settle = ok ? resolve : reject
  [d, proc { rest if state == "eventually"; settle.call(value) }]
end

# Three tests, each with such a deferred. The block subscribes to it and calls go.
def test_settled(name, ok, value)
  STATES.each do |state|
    test("#{name}: #{state} #{ok ? 'fulfilled' : 'rejected'}") do
      d, settle = made(state, ok, value)
      yield d, proc { settle.call; rest }
    end
  end
end

# The same, of both outcomes: six.
def test_both(name, value)
  [true, false].each do |ok|
    test_settled(name, ok, value) { |d, go| yield d, go, ok }
  end
end

# Both ways in which a deferred is resolved with what the block makes.
def test_returned(name)
  [true, false].each do |ok|
    test("#{name}: from the block for #{ok ? 'a value' : 'a reason'}") do
      d = ok ? Deferred.resolve(DUMMY) : Deferred.reject(DUMMY)
      yield proc { |&x| ok ? d.then { x.call } : d.catch { x.call } }
    end
  end
end

# What has become of d: [state, value or reason], once.
class Outcome
  def initialize(d)
    @seen = []
    d.then(proc { |v| @seen << [:fulfilled, v] }, proc { |e| @seen << [:rejected, e] })
  end

  def is(state, value)
    rest
    yes(@seen.size == 1, "it settled #{@seen.size} times: #{@seen.inspect}")
    same(state, @seen[0][0])
    same(value, @seen[0][1])
  end

  def rejected_with(error, message = nil)
    rest
    yes(@seen.size == 1 && @seen[0][0] == :rejected, "not rejected: #{@seen.inspect}")
    yes(@seen[0][1].is_a?(error), "#{error} is wanted, not #{@seen[0][1].inspect}")
    same(message, @seen[0][1].message) if message
  end

  def pending
    rest
    yes(@seen.empty?, "it has settled: #{@seen.inspect}")
  end
end

# An object of which `then` does what the block says.
class Thenable
  attr_reader :asked, :called

  def initialize(&block)
    @block = block
    @called = 0
  end

  def then(yes, no)
    @called += 1
    @block.call(yes, no)
  end

  def inspect
    "a thenable"
  end
end

def thenable(&block) Thenable.new(&block) end

# What may be thrown, or be a reason or value: [text, proc that makes it].
REASONS = [
  ["nil", proc { nil }],
  ["false", proc { false }],
  ["0", proc { 0 }],
  ["an empty String", proc { "" }],
  ["a Symbol", proc { :sym }],
  ["an exception", proc { IndexError.new("reason") }],
  ["an exception that is no StandardError", proc { Exception.new("reason") }],
  ["a Time", proc { Time.at(7) }],
  ["an Array", proc { [1, [2]] }],
  ["a Hash", proc { { "a" => 1 } }],
  ["an object", proc { Object.new }],
  ["a proc", proc { proc {} }],
  ["an always pending thenable", proc { thenable { |_, _| } }],
  ["a fulfilled deferred", proc { Deferred.resolve(DUMMY) }],
  ["a rejected deferred", proc { Deferred.reject(DUMMY).tap { |d| quiet(d) } }]
]

# Those of them that can be raised.
ERRORS = [
  ["a RuntimeError", proc { RuntimeError.new("raised") }],
  ["a class of its own", proc { Class.new(StandardError).new("raised") }],
  ["an Exception", proc { Exception.new("raised") }],
  ["a ScriptError", proc { NotImplementedError.new("raised") }],
  ["a SystemStackError", proc { SystemStackError.new("raised") }],
  ["a Cloud::Error", proc { Cloud::Error.new(9, "raised") }],
  ["an exception with a method then", proc { e = IndexError.new("raised"); def e.then(yes, _) yes.call(OTHER) end; e }]
]
