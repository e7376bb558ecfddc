#!/usr/bin/perl
# d1-detached.t: work that a handler started and neither returned, awaited nor detached is
# seen: the log names its line, the handler's line and the fix; it is counted for the
# handler that made it, which in a nested call is not the task's.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Test::More;

my $d = Deferd->start(
	handlers => { 'bad.rb' => <<'RUBY', 'more.rb' => <<'MORE' },
# The bad pattern: the caller sees "done", the query is nobody's.
Cloud.define "badExample" do |req|
  query = Deferred.delay(0.05, [1, 2, 3])
  query.then { |tasks| puts "there are #{tasks.size}" }
  "done"
end

Cloud.function("failing") { Deferred.delay(0.01).then { raise "nobody looks" }; "done" }
Cloud.function("meant") { Deferred.delay(0.1).then { puts "detached, and done" }.detach; "accepted" }
RUBY
Cloud.function("outer") { Cloud.call("inner").await }
Cloud.function("inner") { Deferred.delay(0.02); "from inside" }
Cloud.function("strict", detached: :fail) { Deferred.delay(5); "never seen" }
Cloud.function("loose", detached: :warn) { Deferred.delay(0.05).then { puts "loose end" }; "at once" }
MORE
	config => { workers => { concurrent => 1, slots => 4 } });

is $d->call('badExample')->{json}{result}, 'done', 'the bad example: its value stands';
like $d->log, qr/there are 3/, '... its task was not over before its work was';
like $d->log, qr{demo/badExample: task [0-9a-f-]+, attempt 1: the handler function "badExample" \(bad\.rb:2\) ended while Deferred\.delay made at bad\.rb:3 was pending: its task is not over before it has settled\. Return it, await it, or say \.detach},
	'... and the log names both lines, and the fix';

is $d->call('failing')->{json}{result}, 'done', 'a rejection that nobody handles fails nothing';
$d->log_has(qr{nobody handled the rejection of the deferred made at bad\.rb:8 by the handler function "failing" \(bad\.rb:8\): RuntimeError: nobody looks\. Return it, await it, or give it a catch}, 3);
is scalar(() = $d->log =~ /nobody handled the rejection/g), 1, '... is logged once';

is $d->call('meant')->{json}{result}, 'accepted', 'detached work is no fault';
ok $d->log_has(qr/detached, and done/, 3), '... and runs to its end after the reply';

is $d->call('outer')->{json}{result}, 'from inside', 'a nested call';
is $d->call('strict')->{status}, 422, 'detached: :fail fails the task';
my $strict = $d->call('strict')->{json}{error};
is $strict->{class}, 'Cloud::Detached', '... as Cloud::Detached';
like $strict->{message}, qr/Deferred\.delay at more\.rb:3$/, '... with the line';
is $d->call('loose')->{json}{result}, 'at once', 'detached: :warn';
ok $d->log_has(qr{demo/loose: task \S+ attempt 1: loose end}, 3), '... runs on, and its log is still the task\'s';

my %h = map { $_->{name} => $_ } @{ $d->ctl(qw(show handlers))->{handlers} };
is_deeply { map { $_ => [@{ $h{$_} }{qw(detached unhandled)}] } keys %h },
	{ badExample => [1, 0], failing => [1, 1], meant => [0, 0], outer => [0, 0], inner => [1, 0], strict => [2, 0], loose => [1, 0] },
	'show handlers counts both, for the handler that made them';
like $d->deferctl(qw(show handlers))->{out}, qr/detached +unhandled/, '... as text, too';
like $d->http(GET => '/metrics')->{body}, qr/^deferd_detached_deferreds\S* 6$/m, '... and in the metrics';
is scalar(grep { $_->{last_death} } $d->workers), 0, 'no worker died of it';
$d->stop_ok;

# --- the app's own word ---
$d = Deferd->start(handlers => <<'RUBY', config => { apps => [{ id => 'demo', handlers => '{dir}/handlers', detached => 'fail', keys => { master => 'master-key' } }] });
Cloud.function("left") { Deferred.delay(5); 1 }
Cloud.function("loop") { 500.times { Deferred.delay(5) }; 1 }
Cloud.function("kinder", detached: :wait) { Deferred.delay(0.01); 1 }
RUBY
is $d->call('left')->{json}{error}{class}, 'Cloud::Detached', 'detached: fail in the config';
is $d->call('loop')->{json}{error}{class}, 'Cloud::Detached', '... for 500 of them';
is scalar(() = $d->log =~ /while 500 times Deferred\.delay made at \S+:2 was pending: its task fails/g), 1, '... told in one line';
is $d->call('kinder')->{json}{result}, 1, '... unless the handler says otherwise';
my ($loop) = grep { $_->{name} eq 'loop' } @{ $d->ctl(qw(show handlers))->{handlers} };
is $loop->{detached}, 500, '... and each is counted';
$d->stop_ok;
done_testing;
