# 2.3.3.4 and 2.3.4: resolved with what is no thenable.
class Integer
  def then(yes, _no) yes.call(OTHER) end
end
class Float
  def then(yes, _no) yes.call(OTHER) end
end
class NilClass
  def then(yes, _no) yes.call(OTHER) end
end
class TrueClass
  def then(yes, _no) yes.call(OTHER) end
end
class FalseClass
  def then(yes, _no) yes.call(OTHER) end
end
class Symbol
  def then(yes, _no) yes.call(OTHER) end
end
class Denier
  def respond_to?(name) name == :then ? false : super end
  def then(yes, _) yes.call(OTHER) end
end
class Holder
  def initialize(x) @then = x end
end
class Empty < BasicObject; end

[["an object that says that it has no then", proc { Denier.new }],
 ["an object with an instance variable @then", proc { Holder.new(proc { OTHER }) }],
 ["a Hash with a key then", proc { { "then" => proc { |yes, _| yes.call(OTHER) }, :then => 1 } }],
 ["a plain object", proc { Object.new }],
 ["a proc", proc { proc { |yes, _| yes.call(OTHER) } }],
 ["an Array", proc { [:then, proc { OTHER }] }],
 ["a class whose instances have a then", proc { Denier }]].each do |text, make|
  test_both("2.3.3.4 #{text} is a value", DUMMY) do |d, go, ok|
    x = make.call
    out = Outcome.new(ok ? d.then { x } : d.catch { x })
    go.call
    out.is(:fulfilled, x)
  end
end
test("2.3.3.4 an object of a BasicObject is a value") do
  x = Empty.new
  seen = nil
  Deferred.resolve(1).then { x }.then { |v| seen = Empty === v }
  rest
  same(true, seen)
end
[["nil", nil], ["false", false], ["true", true], ["0", 0], ["an Integer", 1 << 40], ["a Float", 0.5], ["a Symbol", :s]].each do |text, x|
  test_both("2.3.4 #{text} is a value, even if its class has a method then", DUMMY) do |d, go, ok|
    out = Outcome.new(ok ? d.then { x } : d.catch { x })
    go.call
    out.is(:fulfilled, x)
  end
end
[["a String", "text"], ["an empty String", ""], ["a Time", Time.at(3)], ["a Range", 1..2]].each do |text, x|
  test_both("2.3.4 #{text} is a value", DUMMY) do |d, go, ok|
    out = Outcome.new(ok ? d.then { x } : d.catch { x })
    go.call
    out.is(:fulfilled, x)
  end
end
