# 2.1: the states.
[true, false].each do |ok|
  clause = ok ? "2.1.2.1" : "2.1.3.1"
  word = ok ? "fulfilled" : "rejected"
  both = proc { |d, seen| d.then(proc { |_| seen << true }, proc { |_| seen << false }) }

  test_settled("#{clause} once #{word}, it is in no other state", ok, DUMMY) do |d, go|
    seen = []
    both.call(d, seen)
    go.call
    same([ok], seen)
  end
  [["at once", 0, 0], ["after a while", 1, 1], ["the second one later", 0, 1]].each do |text, first, second|
    test("#{clause} settled both ways, #{text}: the first counts") do
      d, resolve, reject = settlers
      one, two = ok ? [resolve, reject] : [reject, resolve]
      seen = []
      both.call(d, seen)
      rest(first)
      one.call(DUMMY)
      rest(second)
      two.call(OTHER)
      rest
      same([ok], seen)
    end
  end
  test("#{ok ? '2.1.2.2' : '2.1.3.2'} its #{ok ? 'value' : 'reason'} does not change") do
    d, resolve, reject = settlers
    (ok ? resolve : reject).call(SENTINEL)
    (ok ? resolve : reject).call(OTHER)
    seen = []
    2.times do
      d.then(proc { |v| seen << v }, proc { |e| seen << e })
      rest
    end
    same([SENTINEL, SENTINEL], seen)
    same(SENTINEL, ok ? d.value : d.reason)
  end
  test("#{clause} pending?, fulfilled? and rejected? say so") do
    d, resolve, reject = settlers
    quiet(d)
    same([true, false, false], [d.pending?, d.fulfilled?, d.rejected?])
    (ok ? resolve : reject).call(DUMMY)
    same([false, ok, !ok], [d.pending?, d.fulfilled?, d.rejected?])
  end
end

test("2.1.1.1 while it is pending, it may become either") do
  a, resolve, _ = settlers
  b, _, reject = settlers
  quiet(b)
  rest
  same([true, true], [a.pending?, b.pending?])
  resolve.call(1)
  reject.call(2)
  same([true, true], [a.fulfilled?, b.rejected?])
end
