# 2.2.6: several subscribe to one deferred.
[true, false].each do |ok|
  clause = ok ? "2.2.6.1" : "2.2.6.2"
  sub = proc { |d, block| ok ? d.then(block, proc { |_| raise "the other one" }) : d.then(proc { |_| raise "the other one" }, block) }

  test_settled("#{clause} several blocks", ok, SENTINEL) do |d, go|
    seen = []
    3.times { |i| sub.call(d, proc { |x| seen << [i, x]; OTHER }) }
    go.call
    same([[0, SENTINEL], [1, SENTINEL], [2, SENTINEL]], seen)
  end
  test_settled("#{clause} several blocks, one of which raises", ok, SENTINEL) do |d, go|
    seen = []
    sub.call(d, proc { |x| seen << x })
    quiet(sub.call(d, proc { |_| raise "in the midst" }))
    sub.call(d, proc { |x| seen << x })
    go.call
    same([SENTINEL, SENTINEL], seen)
  end
  test_settled("#{clause} several chains, each with a value of its own", ok, SENTINEL) do |d, go|
    error = IndexError.new("one of three")
    a = Outcome.new(sub.call(d, proc { |_| 1 }))
    b = Outcome.new(sub.call(d, proc { |_| raise error }))
    c = Outcome.new(sub.call(d, proc { |_| 3 }))
    go.call
    a.is(:fulfilled, 1)
    b.is(:rejected, error)
    c.is(:fulfilled, 3)
  end
  test_settled("#{clause} in the order in which they subscribed", ok, SENTINEL) do |d, go|
    seen = []
    20.times { |i| sub.call(d, proc { |_| seen << i }) }
    go.call
    same((0...20).to_a, seen)
  end
  test_settled("#{clause} in order also when one is added inside of another", ok, SENTINEL) do |d, go|
    seen = []
    sub.call(d, proc { |_| seen << 1; sub.call(d, proc { |_| seen << 3 }) })
    sub.call(d, proc { |_| seen << 2 })
    go.call
    same([1, 2, 3], seen)
  end
  test_settled("#{clause} in order with those that await it", ok, SENTINEL) do |d, go|
    seen = []
    look = proc { |i| begin; d.await; rescue Deferred::Rejected; nil; end; seen << i }
    sub.call(d, proc { |_| seen << 1 })
    a = async { look.call(2) }
    rest(0)
    sub.call(d, proc { |_| seen << 3 })
    b = async { look.call(4) }
    rest(0)
    go.call
    a.await
    b.await
    same([1, 2, 3, 4], seen)
  end
  test_settled("#{clause} in order when one block awaits: it holds up nobody", ok, SENTINEL) do |d, go|
    seen = []
    sub.call(d, proc { |_| seen << 1; Deferred.delay(0.01).await; seen << 4 })
    sub.call(d, proc { |_| seen << 2 })
    sub.call(d, proc { |_| seen << 3 })
    go.call
    same([1, 2, 3, 4], seen)
  end
end
