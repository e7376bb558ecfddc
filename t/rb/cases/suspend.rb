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
  def to_a; W.call; [1] end
  def self.===(o) W.call; true end
end
class Ops
  def -@; W.call; self end
  def +(o) W.call; self end
  def [](i) W.call; 1 end
  def []=(i, v) W.call end
  def !; W.call; true end
  def call(*) W.call end
end
class V4
  include Comparable
  attr_reader :n
  def initialize(n = 1) @n = n end
  def succ; W.call; self.class.new(@n + 1) end
  def <=>(o) W.call; @n <=> o.n end
end
class V6 < V4
  def <=>(o) @n <=> o.n end
end
class V5 < StandardError
  def message; W.call; "m" end
end
class Sub < Object
end
class W4 < Object
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
  "interpolated" => proc { "#{W.call}" },
  "downto" => proc { 2.downto(1) { W.call } },
  "combination" => proc { [1, 2].combination(1) { W.call } },
  "bsearch" => proc { [1].bsearch { W.call; true } },
  "times.map" => proc { 2.times.map { W.call } },
  "with_index" => proc { [1].each.with_index { W.call } },
  "each_with_object" => proc { [1].each_with_object([]) { W.call } },
  "partition" => proc { [1, 2].partition { W.call } },
  "each_cons" => proc { [1, 2].each_cons(2) { W.call } },
  "cycle" => proc { [1].cycle(1) { W.call } },
  "reduce" => proc { [1, 2].reduce { |a, _| W.call; a } },
  "take_while" => proc { [1].take_while { W.call } },
  "uniq" => proc { [1, 1].uniq { W.call } },
  "zip" => proc { [1].zip([2]) { W.call } },
  "max" => proc { [1, 2].max { |a, b| W.call; a <=> b } },
  "transform_values" => proc { { 1 => 2 }.transform_values { W.call } },
  "Hash#select" => proc { { 1 => 2 }.select { W.call } },
  "Hash#each_value" => proc { { 1 => 2 }.each_value { W.call } },
  "Hash#delete" => proc { {}.delete(1) { W.call } },
  "Hash#==" => proc { { 1 => V.new } == { 1 => V.new } },
  "each_byte" => proc { "a".each_byte { W.call } },
  "sub" => proc { "a".sub("a") { W.call; "b" } },
  "Method#to_proc" => proc { [1].each(&V.new.method(:call)) },
  "curry" => proc { proc { |_| W.call }.curry[1] },
  "module_eval" => proc { Module.new.module_eval { W.call } },
  "singleton" => proc { o = Object.new; o.define_singleton_method(:x) { W.call }; o.x },
  "operators" => proc { x = Ops.new; -x + x; x[0]; x[0] = 1; !x; x.() },
  "!=" => proc { V.new != V.new },
  "clamp" => proc { V4.new.clamp(V4.new, V4.new) },
  "user succ" => proc { (V6.new(1)..V6.new(2)).each { } },
  "included" => proc { Sub.include(Hooks) },
  "prepended" => proc { W4.prepend(Hooks) },
  "message" => proc { begin; raise V5; rescue => e; e.message; end },
  "StopIteration" => proc { loop { W.call; raise StopIteration } },
  "return in ensure" => proc { def re; return 1; ensure; W.call; end; re },
  "next" => proc { [1].each { W.call; next } },
  "redo" => proc { n = 0; [1].each { n += 1; W.call; redo if n < 2 } },
  "after an external Enumerator" => proc { e = [1].each; e.next; W.call },
  "after to_i" => proc { Integer("1"); W.call }
}
# What is called, how, and what the error says of it.
CANNOT = {
  "Hash.new" => [proc { Hash.new { W.call }[1] }, "the default block of Hash.new"],
  "to_s" => [proc { "#{V.new}" }, "to_s, which an interpolation"],
  "join" => [proc { [V.new].join }, "to_s, which an interpolation, join"],
  "format" => [proc { "%s" % V.new }, "to_s, which an interpolation, join, format"],
  "String()" => [proc { String(V.new) }, "to_s, which an interpolation, join, format or String() calls"],
  "const_missing" => [proc { V::Zork }, "const_missing"],
  "to_proc" => [proc { [1].each(&V.new) }, "to_proc, which & calls"],
  "Struct.new" => [proc { Struct.new(:a) { W.call } }, "the block of Struct.new"],
  "Class.new" => [proc { Class.new { W.call } }, "the block of Struct.new, Class.new"],
  "Module.new" => [proc { Module.new { W.call } }, "what initialize calls"],
  "ObjectSpace" => [proc { ObjectSpace.each_object(Class) { W.call; break } }, "the block of ObjectSpace.each_object"],
  "inherited" => [proc { Class.new(V) }, "inherited"],
  "extended" => [proc { Object.new.extend(Hooks) }, "extended"],
  "method_added" => [proc { class Hooked; def x; end; end }, "method_added"],
  "eql?" => [proc { { Key.new => 1, Key.new => 2 } }, "eql?, which a Hash or Array calls"],
  "Array#-" => [proc { [Key.new] - [Key.new] }, "eql?"],
  "splat" => [proc { [*V.new] }, "to_a, which * or Array() calls"],
  "Array()" => [proc { Array(V.new) }, "to_a, which * or Array() calls"],
  "respond_to_missing?" => [proc { Key.new.respond_to?(:foo) }, "respond_to_missing?"],
  "range" => [proc { V4.new..V4.new }, "<=>, which the making of a Range calls"],
  "exception" => [proc { begin; raise Key.new; rescue TypeError; end }, "exception, which raise calls"],
  "initialize_copy" => [proc { Key.new.dup }, "initialize_copy, which dup and clone call"]
}
FOREIGN = {
  "Fiber" => proc { Fiber.new { W.call }.resume },
  "Enumerator" => proc { Enumerator.new { |y| W.call; y << 1 }.next }
}

class Key
  def hash; 1 end
  def eql?(o) W.call; true end
  def respond_to_missing?(*_) W.call; true end
  def exception(*_) W.call; RuntimeError.new("x") end
  def initialize_copy(o) W.call end
end
module Hooks
  def self.included(k) W.call end
  def self.extended(k) W.call end
  def self.prepended(k) W.call end
end
class Hooked
  def self.method_added(n) W.call end
end

def outcome(call)
  COUNT[0] = 0
  call.call
  "#{COUNT[0] > 0}"
rescue FiberError => e
  e.message
end

Cloud.function("fine") { FINE.map { |n, call| [n, outcome(call)] }.reject { |_, o| o == "true" } }
Cloud.function("count") { FINE.size }
Cloud.function("cannot") do
  CANNOT.map { |n, pair| [n, pair[1], outcome(pair[0])] }.reject { |_, what, said| said.start_with?("await cannot suspend #{"a block that mruby calls from C, such as " if what.include?("Hash.new")}#{what}") && said.include?(". Instead, ") }
end
Cloud.function("cannots") { CANNOT.size }
Cloud.function("keeps") { $kept = Fiber.current; Deferred.delay(2, "its own value").await }
Cloud.function("resumes") { Deferred.delay(1).await; $kept.resume("another's value") }
Cloud.function("kept_fiber") { $mine = Fiber.new { Deferred.delay(1).await }; Deferred.delay(1).await; 1 }
Cloud.function("takes_fiber") { $mine.resume }
Cloud.function("nested_fiber") { Fiber.new { Fiber.new { W.call }.resume }.resume }
Cloud.function("in_then") { Deferred.resolve(1).then { Fiber.new { W.call }.resume } }
Cloud.function("then_fine") { Deferred.resolve(1).then { [1].map { |x| W.call; x } } }
Cloud.function("in_ensure") { begin; raise "first"; ensure; W.call; puts "ensured"; end }
Cloud.function("still") { Deferred.delay(1, "still fine").await }

Cloud.function("foreign") { FOREIGN.map { |n, call| [n, outcome(call)] }.reject { |_, o| o.start_with?("await cannot suspend a Fiber or Enumerator") } }
Cloud.function("why") { Hash.new { Deferred.delay(1).await }[1] }
Cloud.function("why_fiber") { Fiber.new { Deferred.delay(1).await }.resume }
Cloud.function("own_fiber") { f = Fiber.new { Fiber.yield 1; 2 }; [f.resume, f.resume, [3, 4].each.next] }
Cloud.function("after") { begin; Fiber.new { W.call }.resume; rescue FiberError; end; Deferred.delay(1, "still fine").await }

# run: fine {} timeout=100000000
# want: done []
# run: count {}
# want: done 104
# run: cannot {}
# want: done []
# run: foreign {}
# want: done []
# run: cannots {}
# want: done 22
# run: why {}
# want: failed RAISED FiberError: await cannot suspend a block that mruby calls from C, such as the default block of Hash.new. Instead, use fetch(key) { }, or await before, and use the value there
# run: why_fiber {}
# want: failed RAISED FiberError: await cannot suspend a Fiber or Enumerator that the handler made: await outside of it, or use async { } in its place
# run: own_fiber {}
# want: done [1,2,3]
# run: after {}
# want: done "still fine"
# start: keeps {}
# run: resumes {}
# want: failed RAISED FiberError: this fiber is a task's own, only deferd resumes it: use a Deferred to wake it
# want: done "its own value"
# start: kept_fiber {}
# run: takes_fiber {}
# want: failed RAISED FiberError: await cannot suspend a Fiber or Enumerator*
# want: done 1
# run: nested_fiber {}
# want: failed RAISED FiberError: await cannot suspend a Fiber or Enumerator*
# run: in_then {}
# want: failed RAISED FiberError: await cannot suspend a Fiber or Enumerator*
# run: then_fine {}
# want: done [1]
# run: in_ensure {}
# want: log info ensured
# want: failed RAISED RuntimeError: first
# run: still {}
# want: done "still fine"
