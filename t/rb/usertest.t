#!/usr/bin/perl
# deferd-worker -t: tests that users write for their handlers. Those of the samples pass;
# what is wrong in a file, a test or a handler is told with its place; the clock costs no
# time.
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Program qw(program spill);
use Test::More;
use Time::HiRes qw(time);

my $top = $ENV{DEFERD_TOP} // "$FindBin::Bin/../..";
my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/handlers";
spill("$dir/handlers/a.rb", <<'RUBY');
Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.function("boom") { |req| raise ArgumentError, "no" }
Cloud.function("echo") { |req| [req.body, req.query, req.path_params, req.headers, req.ip, req.context, req.master?] }
Cloud.function("lost") { |req|
  Deferred.delay(5)
  1
}
Cloud.function("unhandled") { |req|
  Deferred.reject(ArgumentError.new("left"))
  1
}
Cloud.function("fetch") { |req| HTTP.get("https://a.example.com/x?y=1", timeout: 3).then { |r| [r.status, r.json] } }
Cloud.function("send") { |req| HTTP.post("https://a.example.com/send", json: req.params).then { |r| [r.status, r.body, r["x-a"]] } }
Cloud.function("read") { |req|
  got = []
  HTTP.get("https://a.example.com/big", on_data: proc { |part| got << part }).then { |r| got << r.body }
}
Cloud.function("reply") { |req| Cloud::Response.new("made", status: 201, headers: { "X-A" => "b" }) }
Cloud.function("nested") { |req| Cloud.call("hello", { "name" => "nested" }) }
Cloud.function("slow", timeout: "2s") { |req|
  begin
    Deferred.delay(60).await
  ensure
    puts "cleaned up"
  end
}
Cloud.function("later") { |req| Cloud.enqueue(req.params["name"], { "a" => 1 }, priority: :low) }
Cloud.job("work") { |req| req.progress(0.5, "half"); req.params["a"] }
Cloud.function("time") { |req| a = Time.now; Deferred.delay(86400).await; Time.now - a }
RUBY

# Runs a file of tests: its exit status and its lines.
my $n = 0;
sub tests {
	my ($text, @options) = @_;
	my $file = "$dir/t" . ++$n . '.rb';
	spill($file, $text);
	my $r = program('deferd-worker', {}, '-t', @options, $file);
	return ($r->{status}, [map { s{\Q$dir\E/}{}gr } split /\n/, $r->{out}], $r->{err});
}
my @folder = ('-d', "$dir/handlers");

my $r = program('deferd-worker', {}, '-t', '-d', "$top/conf/handlers", glob "$top/conf/handlers/test/*.rb");
is $r->{status}, 0, 'the tests of the sample handlers pass' or diag $r->{out};
unlike $r->{out}, qr/^not ok/m, 'all of them';

my $began = time;
my ($status, $lines) = tests(<<'RUBY', @folder);
test "what it is given" do
  got = call("echo", { "a" => 1 }, query: { "q" => "1" }, path_params: { "id" => "7" }, headers: { "x" => "y" },
             ip: "10.0.0.1", context: "c", master: true)
  assert_equal [{ "a" => 1 }, { "q" => "1" }, { "id" => "7" }, { "x" => "y" }, "10.0.0.1", "c", true], got
end
test("nested") { assert_equal "Hello nested", call("nested") }
test("a reply") do
  r = reply("reply")
  assert_equal [201, { "X-A" => "b" }, "made", true], [r.status, r.headers, r.value, r.ok?]
end
test("a failure") do
  e = call_error("boom")
  assert_equal ["ArgumentError", "no", "RAISED", false], [e.error_class, e.message, e.cause, e.ok?]
  assert e.backtrace[0].start_with?("a.rb:2"), e.backtrace.inspect
  raised = assert_raises(Cloud::CallFailed, "boom failed: ArgumentError: no (a.rb:2") { call("boom") }
  assert_equal "no", raised.outcome.message
end
test("a day") { assert_equal 86400.0, call("time", nil, timeout: 100000) }
test("its own time") { assert_equal 2.5, advance(2.5); assert_equal "2026-01-01T00:00:02.500Z", Time.now.iso8601 }
test("timeout") do
  e = call_error("slow")
  assert_equal ["TIMEOUT", 2.0, ["info cleaned up"]], [e.cause, e.seconds, log]
end
test("cancel") do
  e = call_error("slow", nil, cancel: 0.5)
  assert_equal ["CANCELLED", "Cloud::Cancelled", 0.5], [e.cause, e.error_class, e.seconds]
end
test("together") do
  a = async { call("time", nil, timeout: 100000) }
  b = async { call("slow", nil, timeout: 1) }
  assert_equal %w(fulfilled rejected), Deferred.all_settled([a, b]).await.map { |x| x["status"] }
end
test("enqueued") do
  id = call("later", { "name" => "work" })
  assert_equal [id, "job", "work", { "a" => 1 }, "low"], %w(task kind name params lane).map { |k| enqueued[0][k] }
  assert_equal [1], run_enqueued
  assert_equal [[], ["progress 0.5 half"]], [enqueued, log]
  assert_equal "unknown_handler", call_error("later", { "name" => "nobody" }).code
end
HTTP.stub("GET", "https://a.example.com/*") { |r| { "url" => r.url } }
test("a stub for all") { assert_equal [200, { "url" => "https://a.example.com/x?y=1" }], call("fetch") }
test("a stub for one") do
  HTTP.stub(:get, "https://a.example.com/x") { 503 }
  assert_equal 503, HTTP.get("https://a.example.com/x?q").await.status
end
test("it is gone") { assert_equal 200, call("fetch")[0] }
test("what a stub sees") do
  HTTP.stub("POST", "https://a.example.com/send") { |r| [202, r.json["b"], { "X-A" => r.headers["content-type"] }] }
  assert_equal [202, "c", "application/json"], call("send", { "b" => "c" })
end
test("a late answer") do
  HTTP.stub("GET", "https://a.example.com/x", after: 10) { 200 }
  e = call_error("fetch")
  assert_equal ["HTTP::Error", 3.0], [e.error_class, e.seconds]
end
test("a stream") do
  HTTP.stub("GET", "https://a.example.com/big") { "abc" }
  assert_equal ["abc", ""], call("read")
end
test("a broken line") do
  HTTP.stub("GET", "https://a.example.com/x") { raise HTTP::Error.new("closed", "gone") }
  assert_equal "gone", call_error("fetch").message
end
test("expected troubles") do
  call("lost")
  call("unhandled")
  assert_equal ["a.rb:5", "a.rb:9"], troubles.map { |t| t.split(": ")[0] }
  troubles.clear
end
test("a deferred is followed") { Deferred.delay(3600 * 0.9) }
RUBY
is $status, 0, 'tests that pass' or diag join "\n", @$lines;
is scalar(grep { /^ok / } @$lines), 19, 'each of them';
cmp_ok time - $began, '<', 5, 'a day took no time';

($status, $lines) = tests(<<'RUBY', @folder);
test "wrong" do
  assert_equal 1, 2
end
test "false" do
  assert nil, "it is not there"
end
test "nothing raised" do
  assert_raises(ArgumentError) { 1 }
end
test "another raised" do
  assert_raises(ArgumentError) { raise "x" }
end
test "did not fail" do
  call_error("hello")
end
test "raises" do
  call("boom")
end
test "swallowed" do
  begin
    assert false
  rescue StandardError
    1
  end
end
test "lost work" do
  call("lost")
end
test "its own lost work" do
  Deferred.delay(1)
  1
end
test "unhandled" do
  call("unhandled")
end
test "no stub" do
  HTTP.get("https://b.example.com/").catch { 1 }
end
test "never ends" do
  Deferred.new { }.await
end
test "nobody" do
  call("nobody")
end
test "an option" do
  call("hello", nil, wrong: 1)
end
RUBY
is $status, 1, 'tests that fail';
my @want = ('not ok 1 - t2.rb: wrong', '# t2.rb:2: wanted 1, got 2',
	'not ok 2 - t2.rb: false', '# t2.rb:5: it is not there',
	'not ok 3 - t2.rb: nothing raised', '# t2.rb:8: wanted ArgumentError, but nothing was raised',
	'not ok 4 - t2.rb: another raised', '# t2.rb:11: wanted ArgumentError, got RuntimeError: x',
	'not ok 5 - t2.rb: did not fail', '# t2.rb:14: hello did not fail: "Hello "',
	'not ok 6 - t2.rb: raises', '# Cloud::CallFailed: boom failed: ArgumentError: no (a.rb:2)', '#   at t2.rb:17',
	'not ok 7 - t2.rb: swallowed', '# t2.rb:21: it is false',
	'not ok 8 - t2.rb: lost work',
	'# a.rb:5: Deferred.delay was still pending when function "lost" ended: it is detached',
	'not ok 9 - t2.rb: its own lost work',
	'# t2.rb:30: Deferred.delay was still pending when job "test: its own lost work" ended: it is detached',
	'not ok 10 - t2.rb: unhandled', '# a.rb:9: a rejection that nobody handles: ArgumentError: left',
	'not ok 11 - t2.rb: no stub', '# t2.rb:37: GET https://b.example.com/: no HTTP.stub answers it',
	'not ok 12 - t2.rb: never ends', '# Cloud::Timeout: the handler did not finish in its time', '#   at t2.rb:40',
	'not ok 13 - t2.rb: nobody', '# ArgumentError: there is no handler "nobody"', '#   at t2.rb:43',
	'not ok 14 - t2.rb: an option',
	'# ArgumentError: unknown option wrong: (there are kind, timeout, cancel, master, query, path_params, headers, ip, context)',
	'#   at t2.rb:46', '1..14');
is_deeply $lines, \@want, 'each says what and where';

($status, $lines) = tests("test(\"one\") { }\ntest(\"two\") { raise }\n", '-n', 'one');
is_deeply [$status, @$lines], [0, 'ok 1 - t3.rb: one', '1..1'], 'only tests of that name';
my $err;
($status, $lines, $err) = tests("x = 1\n");
is_deeply [$status, @$lines], [1, '1..0'], 'no test is a failure';
like $err, qr/no test was found/, 'that is said';
($status, $lines) = tests("x = 1\ny = (\n");
is $status, 1, 'a file that does not load';
is $lines->[0], 'not ok 1 - t5.rb: it loads', 'is a failed test';
like $lines->[1], qr/^# t5\.rb:3: SyntaxError: /, 'with file and line';
($status, $lines) = tests("test(\"a\") { }\ntest(\"a\") { }\n");
like $lines->[1], qr/^# t6\.rb:2: ArgumentError: two tests are named "a"/, 'a name given twice';
($status, $lines) = tests("Cloud.load \"handlers/../handlers/a\"\ntest(\"a\") { assert_equal \"Hello B\", call(\"hello\", { \"name\" => \"B\" }) }\n");
is $status, 0, 'without a folder a file loads what it needs' or diag "@$lines";
spill("$dir/u1.rb", 'test("a") { $kept = 1 }');
spill("$dir/u2.rb", 'test("a") { assert_equal nil, $kept }');
$r = program('deferd-worker', {}, '--test', "$dir/u1.rb", "$dir/u2.rb");
is $r->{status}, 0, 'each file has an interpreter of its own';
like $r->{out}, qr/^ok 2 - .*u2\.rb: a\n1\.\.2\n\z/m, 'and the numbers go on';
$r = program('deferd-worker', {}, '-t', '--help');
is $r->{status}, 0, '--help';
like $r->{out}, qr/^usage: deferd-worker -t .*FILE\.\.\.$/m, 'says how';
$r = program('deferd-worker', {}, '-t', '--nothing', 'x');
is $r->{status}, 64, 'an unknown option';
($status, $lines) = tests("test(\"a\") { s = \"x\"; while true; s += s; end }\n");
is_deeply [$status, @$lines], [1, 'Bail out! t8.rb: a: out of memory'], 'out of memory';
($status, $lines) = tests(<<'RUBY');
Cloud.function("leave", timeout: "5m") do |req|
  req.params["n"].times { |i| Deferred.delay(0.001 * i) }
  Deferred.delay(2).then { Deferred.delay(3); nil }
  1
end
test("linear") do
  outcome = reply("leave", { "n" => 40000 })
  assert_equal [1, 39.999], [outcome.value, outcome.seconds]
  assert_equal ["t9.rb:2", "t9.rb:3", "t9.rb:3"], troubles.map { |t| t.split(": ")[0].split("/").last }.sort
  assert troubles[0].end_with?("(40000 of them)"), troubles[0]
  troubles.clear
end
RUBY
is $status, 0, '40,000 detached deferreds take no square of time, and what they start is found' or diag "@$lines";
done_testing;
