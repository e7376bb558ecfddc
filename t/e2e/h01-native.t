#!/usr/bin/perl
# h01-native.t: the native tasks API against the real daemon.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(wait_for);
use Test::More;

my $d = Deferd->start(handlers => <<'RUBY', config => { workers => { concurrent => 2, slots => 4 } });
Cloud.function("echo") { |req| req.params }
Cloud.function("body") { |req| req.body }
Cloud.function("who") { |req| [req.master?, req.headers["authorization"], req.headers["x-one"], req.ip] }
Cloud.function("boom") { |req| raise ArgumentError, "boom" }
Cloud.function("own") { |req| raise Cloud::Error.new(1234, "own words") }
Cloud.function("teapot") { |req| raise Cloud::Error.new(7, "short and stout", 418) }
Cloud.function("nan") { |req| { a: [1, 0.0 / 0.0] } }
Cloud.function("time") { |req| Time.at(0) }
Cloud.function("reply") { |req| Cloud::Response.new({ a: 1 }, status: 201, headers: { "X-A" => "b" }) }
Cloud.function("wait") { |req| Deferred.delay(req.params["s"]).await; "waited" }
Cloud.function("hog") { |req| loop {} }
Cloud.event("ev") { |req| req.params }
class Math1 < Cloud::Service
  def add(req); req.params["a"] + req.params["b"]; end
end
Cloud.service "Math1", Math1
Cloud.job("steps") { |req| req.progress 0.5, "half way"; Deferred.delay(req.params["s"] || 0).await; "all" }
RUBY

# --- values ---
my $values = { a => [1, 2.5, 'x', undef, JSON::PP::true], 'kéy' => "\x{1F600}\0" };
is_deeply $d->call('echo', $values)->{json}{result}, $values, 'values survive';
like $d->native(POST => '/tasks', '{"name":"body","execution":"sync","params":[9223372036854775807,-9223372036854775808,2.0,0.1,1e100]}')
    ->{body}, qr/"result":\[9223372036854775807,-9223372036854775808,2\.0,0\.1,1e\+100\]/,
    'integers are exact, floats stay floats';
is $d->call('echo')->{json}{result} && ref $d->call('echo')->{json}{result}, 'HASH', 'absent params are {}';
for my $value ('null', '"text"', '5', '[]') {
	like $d->native(POST => '/tasks', qq({"name":"body","execution":"sync","params":$value}))->{body},
	    qr/"result":\Q$value\E/, "params may be $value";
}
is $d->call('time')->{json}{result}, '1970-01-01T00:00:00.000Z', 'a Time is RFC 3339';
my $deep = ('[' x 32) . (']' x 32);
like $d->native(POST => '/tasks', qq({"name":"body","execution":"sync","params":$deep}))->{body},
    qr/"too_deep"|nested deeper than 32|"result":\Q$deep\E/, '32 levels';
is $d->native(POST => '/tasks', qq({"name":"body","execution":"sync","params":[[$deep]]}))->{status}, 400,
    '... and no more';

# --- who calls ---
is_deeply $d->call('who')->{json}{result}, [JSON::PP::true, undef, undef, '127.0.0.1'],
    'the master key is known and not handed on';
my %rest = (Authorization => 'Bearer ' . $d->key('rest'), 'X-One' => 'Two');
is_deeply $d->native(POST => '/tasks', { name => 'who', execution => 'sync' }, %rest)->{json}{result},
    [JSON::PP::false, undef, 'Two', '127.0.0.1'], 'another key is not the master key';
is $d->http(POST => '/v1/apps/demo/tasks', '{}')->{status}, 401, 'no key';
is $d->native(POST => '/tasks', {}, Authorization => 'Bearer x')->{status}, 403, 'a wrong key';

# --- errors ---
my $r = $d->call('boom');
is $r->{status}, 422, 'an exception: 422';
is $r->{json}{state}, 'failed', '... the task failed';
is_deeply [@{ $r->{json}{error} }{qw(code class message)}], [qw(handler_error ArgumentError boom)],
    '... with class and message';
like $r->{json}{error}{backtrace}[0], qr/^main\.rb:\d+/, '... and the place';
$r = $d->call('own');
is_deeply [$r->{status}, $r->{json}{error}{code}, $r->{json}{error}{message}], [422, 1234, 'own words'],
    'Cloud::Error keeps its code';
is $d->call('teapot')->{status}, 418, '... and its status';
$r = $d->call('nan');
is_deeply [$r->{status}, $r->{json}{error}{code}], [422, 'bad_result'], 'NaN cannot be a result';
like $r->{json}{error}{message}, qr/a.*1/, '... the message names the place';
$r = $d->call('wait', { s => 5 }, timeout => 0.1);
is_deeply [$r->{status}, $r->{json}{error}{code}], [504, 'timeout'], 'a timeout: 504';
ok $r->{took} < 2, '... in time';
is $d->call('nope')->{status}, 404, 'an unknown function';

# --- Cloud::Response, Server-Timing ---
$r = $d->call('reply');
is $r->{status}, 200, 'native shows the task';
is_deeply $r->{json}{result}, { a => 1 }, '... its result';
is $r->{json}{response}{status}, 201, '... and the status that was asked for';
like $r->{headers}{'server-timing'}, qr/^queue;dur=\d+, run;dur=\d+\.\d+$/, 'Server-Timing';

# --- the other kinds ---
is $d->call('Math1/add', { a => 2, b => 3 }, kind => 'service')->{json}{result}, 5, 'a service';
is_deeply $d->call('ev', { x => 1 }, kind => 'event')->{json}{result}, { x => 1 }, 'an event';

# --- async ---
sub until_state {
	my ($path, $state) = @_;
	my $task;
	wait_for { ($task = $d->http(GET => $path, undef,
		Authorization => 'Bearer ' . $d->key('rest'))->{json})->{state} eq $state } "state $state";
	return $task;
}

$r = $d->call('steps', { s => 0.2 }, kind => 'job', execution => 'async');
is $r->{status}, 202, 'async: 202';
is $r->{json}{lane}, 'main', '... in main';
is $r->{headers}{'deferd-durability'}, 'memory', '... not durable, and says so';
is $r->{headers}{location}, "/v1/apps/demo/tasks/$r->{json}{id}", '... Location';
my $path = $r->{headers}{location};
wait_for { $d->http(GET => $path, undef, Authorization => 'Bearer ' . $d->key('rest'))->{json}{progress} } 'progress';
my $task = until_state($path, 'done');
is_deeply $task->{progress}, { fraction => 0.5, text => 'half way' }, 'progress is kept';
is $task->{result}, 'all', '... and the result';
ok $task->{run_ms} >= 150, '... and how long it ran';
like $task->{$_}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, $_ for qw(accepted_at started_at finished_at);
ok !exists $task->{error} && !exists $task->{params}, 'absent members are absent';
is $d->call('echo', {}, execution => 'async-low-priority')->{json}{lane}, 'low', 'low priority';

# --- cancelling ---
$r = $d->call('wait', { s => 30 }, execution => 'async');
$path = "/tasks/$r->{json}{id}";
wait_for { $d->native(GET => $path)->{json}{state} eq 'leased' } 'it runs';
is_deeply $d->native(GET => $path)->{json}{params}, { s => 30 }, 'the master key sees the params';
is $d->native(DELETE => $path, undef, %rest)->{status}, 403, 'cancelling needs the master key';
$r = $d->native(DELETE => $path);
is_deeply [$r->{status}, $r->{json}{cancelling}], [202, JSON::PP::true], 'a running task is asked to end';
wait_for { $d->native(GET => $path)->{json}{state} eq 'cancelled' } 'it is cancelled';
is $d->native(DELETE => $path)->{status}, 409, 'twice: 409';
is $d->native(DELETE => '/tasks/01a1fc40-0258-75ff-967d-96fed101ecaa')->{status}, 404, 'no such task';

# --- lists ---
$r = $d->native(GET => '/tasks?limit=2');
is scalar @{ $r->{json}{tasks} }, 2, 'a page';
my $next = $r->{json}{next};
ok $r->{json}{tasks}[0]{id} gt $r->{json}{tasks}[1]{id}, 'newest first';
$r = $d->native(GET => "/tasks?limit=1&after=$next");
ok $r->{json}{tasks}[0]{id} lt $next, 'the next page goes on';
$r = $d->native(GET => '/tasks?state=cancelled&name=wait');
is_deeply [map { $_->{state} } @{ $r->{json}{tasks} }], ['cancelled'], 'filtered';
is $d->native(GET => '/tasks', undef, %rest)->{status}, 403, 'lists need the master key';

$d->stop_ok;
done_testing;
