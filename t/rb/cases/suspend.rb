# await works through every construct that mruby can suspend; where it cannot, and in a
# Fiber or Enumerator that the handler made, it says so.
class V
  def initialize(x = nil) W.call if x == :y end
  def <=>(o) W.call; 0 end
  def ==(o) W.call; true end
  def to_s; W.call; "v" end
  def inspect; W.call; "I" end
  def method_missing(n, *a) W.call; n end
  def each; W.call; yield 1 end
  include Enumerable
  def call(*a) W.call end
  def m; W.call end
  def self.inherited(k) W.call end
  def self.const_missing(n) W.call; 1 end
  def to_proc; W.call; proc {} end
  def self.===(o) W.call; true end
end
class Sub < Object
end
COUNT = [0]
W = proc { COUNT[0] += Deferred.delay(1, 1).await }

FINE = {
  "times" => proc { 2.times { W.call } },
  "upto" => proc { 1.upto(1) { W.call } },
  "step" => proc { 1.step(2) { W.call } },
  "loop" => proc { loop { W.call; break } },
  "while" => proc { i = 0; while i < 1; W.call; i += 1; end },
  "until" => proc { i = 0; until i == 1; W.call; i += 1; end },
  "for" => proc { for i in [1] do W.call end },
  "each" => proc { [1].each { W.call } },
  "map" => proc { [1].map { W.call } },
  "each_with_index" => proc { [1].each_with_index { W.call } },
  "each_slice" => proc { [1].each_slice(1) { W.call } },
  "select" => proc { [1].select { W.call } },
  "reject" => proc { [1].reject { W.call } },
  "find" => proc { [1].find { W.call } },
  "inject" => proc { [1, 2].inject { |a, _| W.call; a } },
  "sort" => proc { [2, 1].sort { |a, b| W.call; a <=> b } },
  "sort!" => proc { [2, 1].sort! { |a, b| W.call; a <=> b } },
  "sort_by" => proc { [2, 1].sort_by { |a| W.call; a } },
  "min_by" => proc { [2, 1].min_by { |a| W.call; a } },
  "Array.new" => proc { Array.new(2) { W.call } },
  "index" => proc { [1].index { W.call } },
  "delete_if" => proc { [1].delete_if { W.call } },
  "any?" => proc { [1].any? { W.call } },
  "group_by" => proc { [1].group_by { W.call } },
  "flat_map" => proc { [1].flat_map { W.call; [1] } },
  "fill" => proc { [1].fill { W.call } },
  "Hash#each" => proc { { 1 => 2 }.each { W.call } },
  "Hash#map" => proc { { 1 => 2 }.map { W.call } },
  "fetch" => proc { {}.fetch(1) { W.call } },
  "merge" => proc { { 1 => 1 }.merge({ 1 => 2 }) { W.call } },
  "Range#each" => proc { (1..2).each { W.call } },
  "each_char" => proc { "ab".each_char { W.call } },
  "gsub" => proc { "a".gsub("a") { W.call; "b" } },
  "each_line" => proc { "a\nb".each_line { W.call } },
  "begin" => proc { begin; W.call; ensure; 1; end },
  "ensure" => proc { begin; 1; ensure; W.call; end },
  "rescue" => proc { begin; raise "x"; rescue; W.call; end },
  "retry" => proc { n = 0; begin; n += 1; raise "x" if n < 2; rescue; W.call; retry; end },
  "initialize" => proc { V.new(:y) },
  "Proc#call" => proc { proc { W.call }.call },
  "yield" => proc { def yy; yield; end; yy { W.call } },
  "Method#call" => proc { V.new.method(:m).call },
  "send" => proc { V.new.send(:m) },
  "__send__" => proc { V.new.__send__(:m) },
  "public_send" => proc { V.new.public_send(:m) },
  "method_missing" => proc { V.new.foo },
  "define_method" => proc { Sub.define_method(:dm) { W.call }; Sub.new.dm },
  "instance_eval" => proc { Sub.new.instance_eval { W.call } },
  "instance_exec" => proc { Sub.new.instance_exec { W.call } },
  "class_eval" => proc { Sub.class_eval { W.call } },
  "eval" => proc { eval "W.call" },
  "map(&:m)" => proc { [V.new].map(&:m) },
  "user <=>" => proc { [V.new, V.new].sort },
  "user ==" => proc { [V.new] == [V.new] },
  "include?" => proc { [V.new].include?(V.new) },
  "inspect" => proc { [V.new].inspect },
  "Enumerable" => proc { V.new.map { |x| x } },
  "tap" => proc { 1.tap { W.call } },
  "Struct#each" => proc { Struct.new(:a).new(1).each { W.call } },
  "block" => proc { def pb(&b) b.call end; pb { W.call } },
  "super" => proc { class W2 < Sub; def m2; super rescue W.call; end; end; W2.new.m2 },
  "case" => proc { case 1 when V then 1 end },
  "Comparable" => proc { class V3; include Comparable; def <=>(o) W.call; 0 end; end; V3.new < V3.new },
  "lazy" => proc { (1..2).lazy.map { W.call; 1 }.first(1) },
  "kwargs" => proc { def kw(a: W.call) a end; kw },
  "interpolated" => proc { "#{W.call}" }
}
CANNOT = {
  "Hash.new" => proc { Hash.new { W.call }[1] },
  "to_s" => proc { "#{V.new}" },
  "join" => proc { [V.new].join },
  "format" => proc { "%s" % V.new },
  "const_missing" => proc { V::Zork },
  "to_proc" => proc { [1].each(&V.new) },
  "Struct.new" => proc { Struct.new(:a) { W.call } },
  "ObjectSpace" => proc { ObjectSpace.each_object(Class) { W.call; break } },
  "inherited" => proc { Class.new(V) }
}
FOREIGN = {
  "Fiber" => proc { Fiber.new { W.call }.resume },
  "Enumerator" => proc { Enumerator.new { |y| W.call; y << 1 }.next }
}

def outcome(call)
  COUNT[0] = 0
  call.call
  "#{COUNT[0] > 0}"
rescue FiberError => e
  e.message
end

Cloud.function("fine") { FINE.map { |n, call| [n, outcome(call)] }.reject { |_, o| o == "true" } }
Cloud.function("count") { FINE.size }
Cloud.function("cannot") { CANNOT.map { |n, call| [n, outcome(call)] }.reject { |_, o| o.start_with?("await cannot suspend a C function") } }
Cloud.function("foreign") { FOREIGN.map { |n, call| [n, outcome(call)] }.reject { |_, o| o.start_with?("await cannot suspend a Fiber or Enumerator") } }
Cloud.function("why") { Hash.new { Deferred.delay(1).await }[1] }
Cloud.function("why_fiber") { Fiber.new { Deferred.delay(1).await }.resume }
Cloud.function("own_fiber") { f = Fiber.new { Fiber.yield 1; 2 }; [f.resume, f.resume, [3, 4].each.next] }
Cloud.function("after") { begin; Fiber.new { W.call }.resume; rescue FiberError; end; Deferred.delay(1, "still fine").await }

# run: fine {} timeout=100000000
# want: done []
# run: count {}
# want: done 66
# run: cannot {}
# want: done []
# run: foreign {}
# want: done []
# run: why {}
# want: failed RAISED FiberError: await cannot suspend a C function (the block of Hash.new or Struct.new, to_s in an interpolation or join, const_missing, inherited): await before it and use the value there
# run: why_fiber {}
# want: failed RAISED FiberError: await cannot suspend a Fiber or Enumerator that the handler made: await outside of it, or use async { } in its place
# run: own_fiber {}
# want: done [1,2,3]
# run: after {}
# want: done "still fine"
