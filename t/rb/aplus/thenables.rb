# 2.3.3: resolved with an object that has a method then.
class Spy
  attr_reader :log
  def initialize() @log = [] end
  def then(yes, _no) @log << [:then, self]; yes.call(SENTINEL) end
  def respond_to?(name) @log << name; super end
end
class Blank < BasicObject
  def then(yes, _no) yes.call(SENTINEL) end
end
class ByMissing
  def respond_to_missing?(name, _) name == :then end
  def method_missing(name, *args) name == :then ? args[0].call(SENTINEL) : super end
end
test_returned("2.3.3.1 an object is asked once whether it has a then, and then is called once") do |give|
  x = Spy.new
  out = Outcome.new(give.call { x })
  out.is(:fulfilled, SENTINEL)
  same(1, x.log.select { |l| l == :then }.size)
  same(1, x.log.select { |l| l.is_a?(Array) }.size)
end
[["an object of BasicObject", proc { Blank.new }],
 ["a proc with a then of its own", proc { pr = proc { OTHER }; def pr.then(yes, _) yes.call(SENTINEL) end; pr }],
 ["a class", proc { c = Class.new; def c.then(yes, _) yes.call(SENTINEL) end; c }],
 ["a module", proc { m = Module.new; def m.then(yes, _) yes.call(SENTINEL) end; m }],
 ["a Struct", proc { s = Struct.new(:a).new(1); def s.then(yes, _) yes.call(SENTINEL) end; s }],
 ["an exception", proc { e = IndexError.new; def e.then(yes, _) yes.call(SENTINEL) end; e }],
 ["an Array with a then of its own", proc { a = [1]; def a.then(yes, _) yes.call(SENTINEL) end; a }],
 ["a String with a then of its own", proc { s = "x" * 3; def s.then(yes, _) yes.call(SENTINEL) end; s }],
 ["an object that answers by method_missing", proc { ByMissing.new }]].each do |text, make|
  test_returned("2.3.3.1 #{text}") { |give| Outcome.new(give.call { make.call }).is(:fulfilled, SENTINEL) }
end
class Refuser
  def initialize(error) @error = error end
  def respond_to?(name) name == :then ? raise(@error) : super end
end
class MissingRefuser
  def initialize(error) @error = error end
  def respond_to_missing?(name, _) name == :then ? raise(@error) : false end
end
class Denier
  def respond_to?(name) name == :then ? false : super end
  def then(yes, _) yes.call(OTHER) end
end
ERRORS.each do |text, make|
  [Refuser, MissingRefuser].each do |c|
    test_returned("2.3.3.2 asked for then, it raises #{text} (#{c})") do |give|
      error = make.call
      Outcome.new(give.call { c.new(error) }).is(:rejected, error)
    end
  end
end
test_returned("2.3.3.3 then is called on the object, with two procs") do |give|
  seen = nil
  x = Object.new
  x.define_singleton_method(:then) { |*args| seen = [self] + args; args[0].call(SENTINEL) }
  Outcome.new(give.call { x }).is(:fulfilled, SENTINEL)
  yes(seen[0].equal?(x), "self is #{seen[0].inspect}")
  same([Proc, Proc], seen[1..-1].map { |p| p.class })
end
test_returned("2.3.3.3 then may await") do |give|
  Outcome.new(give.call { thenable { |yes, _| Deferred.delay(0.01).await; yes.call(SENTINEL) } }).is(:fulfilled, SENTINEL)
end

# [text, what makes it], of things that end as SENTINEL: fulfilled, or rejected.
FULFILLED = [
  ["a thenable that fulfills at once", proc { |v| thenable { |yes, _| yes.call(v) } }],
  ["a thenable that fulfills later", proc { |v| thenable { |yes, _| Deferred.delay(0.01).then { yes.call(v) } } }],
  ["a thenable that is asked once", proc { |v| t = thenable { |yes, _| raise "asked again" if t.called > 1; yes.call(v) }; t }],
  ["a thenable that fulfills twice", proc { |v| thenable { |yes, _| yes.call(v); yes.call(OTHER) } }],
  ["a thenable that fulfills and raises", proc { |v| thenable { |yes, _| yes.call(v); raise OTHER } }],
  ["a deferred that is fulfilled", proc { |v| Deferred.resolve(v) }],
  ["a deferred that will be fulfilled", proc { |v| Deferred.delay(0.01, v) }]
]
REJECTED = [
  ["a thenable that rejects at once", proc { |v| thenable { |_, no| no.call(v) } }],
  ["a thenable that rejects later", proc { |v| thenable { |_, no| Deferred.delay(0.01).then { no.call(v) } } }],
  ["a thenable that rejects twice", proc { |v| thenable { |_, no| no.call(v); no.call(OTHER) } }],
  ["a thenable that rejects and raises", proc { |v| thenable { |_, no| no.call(v); raise OTHER } }],
  ["a deferred that is rejected", proc { |v| Deferred.reject(v) }],
  ["a deferred that will be rejected", proc { |v| Deferred.delay(0.01).then { Deferred.reject(v) } }]
]
# Two ways to be called, by the block for a value and by that for a reason: four tests.
def test_called(name, which)
  [["at once", proc { |f, y| f.call(y) }],
   ["later", proc { |f, y| Deferred.delay(0.01).then { f.call(y) } }]].each do |text, call|
    test_returned("#{name}, #{text}") do |give|
      y = yield
      [Outcome.new(give.call { thenable { |yes, no| call.call(which == :yes ? yes : no, y[0]) } }), y].tap { |out, y2| out.is(y2[1], y2[2]) }
    end
  end
end
[["nil", nil], ["false", false], ["5", 5], ["an object", Object.new], ["an Array", [nil, 1]], ["a Hash", { "then" => 1 }], ["a proc", proc {}]].each do |text, y|
  test_called("2.3.3.3.1 resolve is called with #{text}", :yes) { [y, :fulfilled, y] }
end
[[FULFILLED, :fulfilled], [REJECTED, :rejected]].each do |list, state|
  list.each do |text, make|
    test_called("2.3.3.3.1 resolve is called with #{text}", :yes) { [make.call(SENTINEL), state, SENTINEL] }
    FULFILLED.each do |outer, wrap|
      test_called("2.3.3.3.1 resolve is called with #{outer}: #{text}", :yes) { [wrap.call(make.call(SENTINEL)), state, SENTINEL] }
    end
  end
end
REASONS.each do |text, make|
  test_called("2.3.3.3.2 reject is called with #{text}", :no) { r = make.call; [r, :rejected, r] }
end

# 2.3.3.3.3: the first call counts. Y and N: resolve and reject; capitals at once, small
# letters later; + with a deferred that will be fulfilled, - with one that is rejected.
[["YY", :fulfilled], ["YN", :fulfilled], ["NY", :rejected], ["NN", :rejected],
 ["Yy", :fulfilled], ["Yn", :fulfilled], ["Ny", :rejected], ["Nn", :rejected],
 ["yy", :fulfilled], ["yn", :fulfilled], ["ny", :rejected], ["nn", :rejected],
 ["+Y", :fulfilled], ["+N", :fulfilled], ["+n", :fulfilled], ["-Y", :rejected], ["-N", :rejected], ["-n", :rejected]].each do |calls, state|
  test_returned("2.3.3.3.3 the first call counts: #{calls}") do |give|
    d = give.call do
      thenable do |yes, no|
        value = SENTINEL
        calls.each_char do |c|
          v = value
          value = OTHER
          case c
          when "Y" then yes.call(v)
          when "N" then no.call(v)
          when "y" then Deferred.delay(0.01).then { yes.call(v) }
          when "n" then Deferred.delay(0.01).then { no.call(v) }
          when "+" then yes.call(Deferred.delay(0.02, v))
          when "-" then yes.call(Deferred.delay(0.02).then { Deferred.reject(v) })
          end
        end
      end
    end
    Outcome.new(d).is(state, SENTINEL)
  end
end
test("2.3.3.3.3 saved, they do nothing when they are called again") do
  yes = no = nil
  d = Deferred.resolve(1).then { thenable { |a, b| yes = a; no = b; yes.call(SENTINEL) } }
  out = Outcome.new(d)
  rest
  3.times { yes.call(OTHER); no.call(OTHER); rest }
  out.is(:fulfilled, SENTINEL)
end
[["resolve", :yes, SENTINEL, :fulfilled], ["resolve with a deferred that will be fulfilled", :yes, nil, :fulfilled], ["reject", :no, SENTINEL, :rejected]].each do |text, which, v, state|
  test_returned("2.3.3.3.4.1 then raises after #{text} was called: ignored") do |give|
    d = give.call do
      thenable do |yes, no|
        (which == :yes ? yes : no).call(v || Deferred.delay(0.01, SENTINEL))
        raise OTHER
      end
    end
    Outcome.new(d).is(state, SENTINEL)
  end
  test_returned("2.3.3.3.4.1 then raises after #{text} and the other one were called: ignored") do |give|
    d = give.call do
      thenable do |yes, no|
        (which == :yes ? yes : no).call(v || Deferred.delay(0.01, SENTINEL))
        (which == :yes ? no : yes).call(OTHER)
        raise OTHER
      end
    end
    Outcome.new(d).is(state, SENTINEL)
  end
end
ERRORS.each do |text, make|
  test_returned("2.3.3.3.4.2 then raises #{text}") do |give|
    error = make.call
    Outcome.new(give.call { thenable { |_, _| raise error } }).is(:rejected, error)
  end
end
["yes", "no"].each do |which|
  test_returned("2.3.3.3.4.2 then raises, and calls #{which} later: too late") do |give|
    error = IndexError.new("raised")
    d = give.call do
      thenable do |yes, no|
        Deferred.delay(0.01).then { (which == "yes" ? yes : no).call(OTHER) }
        raise error
      end
    end
    Outcome.new(d).is(:rejected, error)
  end
end
test_returned("2.3.3.3.4.2 a then that takes no arguments") do |give|
  x = Object.new
  def x.then() 5 end
  Outcome.new(give.call { x }).rejected_with(ArgumentError)
end
