# 2.2.7 and 2.3.1: what then returns.
test("2.2.7 then returns a Deferred") do
  [Deferred.resolve(1).then, Deferred.resolve(1).then { 1 }, Deferred.resolve(1).catch { 1 }, Deferred.resolve(1).finally { 1 }].each do |d|
    same(Deferred, d.class)
  end
end
test("2.2.7 then of one that is pending returns a Deferred") { same(Deferred, Deferred.new { |_, _| }.then(nil, nil).class) }
test("2.2.7 it is another Deferred than the one that it comes from") do
  d = Deferred.resolve(1)
  yes(!d.then.equal?(d), "the same")
end
REASONS.each do |text, make|
  test_both("2.2.7.1 a block returns #{text}", DUMMY) do |d, go, ok|
    x = make.call
    out = Outcome.new(ok ? d.then { |_| x } : d.catch { |_| x })
    go.call
    case text
    when "an always pending thenable" then out.pending
    when "a fulfilled deferred" then out.is(:fulfilled, DUMMY)
    when "a rejected deferred" then out.is(:rejected, DUMMY)
    else out.is(:fulfilled, x)
    end
  end
end
ERRORS.each do |text, make|
  test_both("2.2.7.2 a block raises #{text}", DUMMY) do |d, go, ok|
    error = make.call
    out = Outcome.new(ok ? d.then { |_| raise error } : d.catch { |_| raise error })
    go.call
    out.is(:rejected, error)
  end
end
test_both("2.2.7.2 a block recurses without end", DUMMY) do |d, go, ok|
  deep = proc { |n| deep.call(n + 1) + 1 }
  out = Outcome.new(ok ? d.then { |_| deep.call(0) } : d.catch { |_| deep.call(0) })
  go.call
  out.rejected_with(SystemStackError)
end
test_both("2.2.7.2 a lambda that takes no argument", DUMMY) do |d, go, ok|
  none = lambda { 1 }
  out = Outcome.new(ok ? d.then(none) : d.catch(none))
  go.call
  out.rejected_with(ArgumentError)
end
NO_BLOCKS = [["nil", nil], ["false", false], ["5", 5], ["an object", Object.new], ["an Array of a proc", [proc { OTHER }]], ["a Hash", {}]]
NO_BLOCKS.each do |text, x|
  test_settled("2.2.7.3 #{text} in place of on_fulfilled", true, SENTINEL) do |d, go|
    out = Outcome.new(d.then(x, proc { |_| OTHER }))
    go.call
    out.is(:fulfilled, SENTINEL)
  end
  test_settled("2.2.7.4 #{text} in place of on_rejected", false, SENTINEL) do |d, go|
    out = Outcome.new(d.then(proc { |_| OTHER }, x))
    go.call
    out.is(:rejected, SENTINEL)
  end
end
[true, false].each do |ok|
  test_settled("2.3.1 a block that returns the deferred of its own then", ok, DUMMY) do |d, go|
    x = ok ? d.then { x } : d.catch { x }
    out = Outcome.new(x)
    go.call
    out.rejected_with(TypeError)
  end
end
test("2.3.1 resolve called with the deferred itself") do
  d, resolve, _ = settlers
  resolve.call(d)
  Outcome.new(d).rejected_with(TypeError)
end
test("2.3.1 a thenable that resolves with the deferred that asks it") do
  d, resolve, _ = settlers
  resolve.call(thenable { |yes, _| yes.call(d) })
  Outcome.new(d).rejected_with(TypeError)
end
