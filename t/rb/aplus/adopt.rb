# 2.3.2: resolved with a deferred.
test_returned("2.3.2.1 pending while that is pending") do |give|
  x = Deferred.new { |_, _| }
  Outcome.new(give.call { x }).pending
end
[true, false].each do |ok|
  clause = ok ? "2.3.2.2" : "2.3.2.3"
  STATES.each do |state|
    test_returned("#{clause} as that is #{state} #{ok ? 'fulfilled' : 'rejected'}") do |give|
      x, settle = made(state, ok, SENTINEL)
      out = Outcome.new(give.call { x })
      settle.call
      out.is(ok ? :fulfilled : :rejected, SENTINEL)
    end
    test("#{clause} as that is #{state} #{ok ? 'fulfilled' : 'rejected'}: by resolve") do
      x, settle = made(state, ok, SENTINEL)
      d, resolve, reject = settlers
      resolve.call(x)
      reject.call(OTHER)
      resolve.call(OTHER)
      out = Outcome.new(d)
      settle.call
      out.is(ok ? :fulfilled : :rejected, SENTINEL)
    end
  end
end
test("2.3.2.2 through 10,000 deferreds that follow one another") do
  d = first = Deferred.delay(0.01, SENTINEL)
  10000.times { x = d; d = Deferred.new { |yes, _| yes.call(x) } }
  yes(first.pending?, "settled")
  Outcome.new(d).is(:fulfilled, SENTINEL)
end
test("2.3.2.2 through 10,000 made from the outside in") do
  top, resolve, _ = settlers
  10000.times do
    d, inner, _ = settlers
    resolve.call(d)
    resolve = inner
  end
  out = Outcome.new(top)
  resolve.call(SENTINEL)
  out.is(:fulfilled, SENTINEL)
end
test("2.3.2.2 as the last of 10,000 blocks, each of which returns the next") do
  left = 10000
  step = proc { |v| (left -= 1) > 0 ? Deferred.resolve(v).then(step) : v }
  Outcome.new(Deferred.resolve(SENTINEL).then(step)).is(:fulfilled, SENTINEL)
end
test("2.3.2.3 a reason runs down a chain of 10,000") do
  d = Deferred.reject(SENTINEL)
  10000.times { d = d.then { OTHER } }
  Outcome.new(d).is(:rejected, SENTINEL)
end
