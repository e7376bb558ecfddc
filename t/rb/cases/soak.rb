# Random graphs of deferreds, some cut short by a deadline or cancelled: each task ends
# once, and nothing is left behind.
class Dice
  def initialize(seed) @s = seed * 7919 + 13 end
  def roll(n) @s = (@s * 1103515245 + 12345) % 2147483648; (@s / 65536) % n end
end

module Grow
  def self.leaf(r)
    case r.roll(6)
    when 0 then Deferred.resolve(r.roll(100))
    when 1 then Deferred.reject("leaf")
    when 2 then Deferred.new { |yes, no| Deferred.delay(r.roll(5) / 10.0).then { r.roll(4) == 0 ? no.call("late no") : yes.call(1) } }
    when 3 then r.roll(99)
    else Deferred.delay(r.roll(20) / 10.0, r.roll(100))
    end
  end

  def self.tree(r, depth)
    return leaf(r) if depth == 0
    case r.roll(16)
    when 0 then Deferred.all(list(r, depth))
    when 1 then Deferred.race(list(r, depth))
    when 2 then Deferred.any(list(r, depth))
    when 3 then Deferred.all_settled(list(r, depth)).then { |l| l.size }
    when 4 then d(tree(r, depth - 1)).timeout(r.roll(10) / 10.0)
    when 5 then d(tree(r, depth - 1)).then { |v| tree(r, depth - 1) }
    when 6 then d(tree(r, depth - 1)).catch { |e| r.roll(3) == 0 ? raise("again") : 0 }
    when 7 then d(tree(r, depth - 1)).finally { r.roll(3) == 0 ? tree(r, depth - 1) : nil }
    when 8 then async { begin; await(tree(r, depth - 1)); ensure; r.roll(4) == 0 ? Deferred.delay(0.01).await : nil; end }
    when 9 then async { begin; await(tree(r, depth - 1)); rescue => e; await(tree(r, depth - 1)); end }
    when 10 then Cloud.call("grow", { "seed" => r.roll(1000), "depth" => depth - 1 })
    when 11 then d(tree(r, depth - 1)).detach; leaf(r)
    when 12 then tree(r, depth - 1); leaf(r) # left behind
    when 13 then Deferred.resolve(1).then { await(tree(r, depth - 1)) }
    when 14 then Cloud.enqueue(r.roll(3) == 0 ? "nobody" : "x", r.roll(9))
    else async { list(r, depth).map { |x| await(x) } }
    end
  end

  def self.d(v) Deferred.resolve(v) end
  def self.list(r, depth) (0..r.roll(3)).map { tree(r, depth - 1) } end
end

Cloud.function("grow") do |req|
  r = Dice.new(req.params["seed"])
  x = Grow.tree(r, req.params["depth"] || 4)
  case r.roll(3)
  when 0 then x.is_a?(Deferred) ? x.then { |v| v.to_s.size } : 1
  when 1 then await(x).to_s.size
  else
    begin
      await(x)
    rescue StandardError
      await(Grow.tree(r, 2))
    ensure
      r.roll(5) == 0 ? Deferred.delay(0.1).await : nil
    end
    "plain"
  end
end
# soak: grow 3000
