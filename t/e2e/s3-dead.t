#!/usr/bin/perl
# s3-dead.t: dead tasks: seen, retried, promoted, buried, one by one and many at once; over a
# kill, too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use JSON::PP ();
use Test::More;

my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' }, workers => { concurrent => 2 } },
	handlers => <<'END');
Cloud.job("send", retries: 1) { |req|
  raise Cloud::Retry.new("no route", after: 0.05) if Time.now.to_f < req.params["good"]
  req.attempt
}
Cloud.function("hello") { |req| "hello" }
END
my $good = time + 3; # from then on they can be sent
sub submit { my ($name, %more) = @_; return $d->native(POST => '/tasks', { name => $name, %more })->{json}{id} }
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub becomes {
	my ($id, $state) = @_;
	wait_for { (task($id)->{state} // '') eq $state } "$state", 5;
	return task($id);
}
sub act { my ($id, $verb, %h) = @_; return $d->native(POST => "/tasks/$id/$verb", undef, %h) }
sub again { $d->signal('KILL'); $d->wait; $d = Deferd->start(again => $d) }
sub metric { my ($name) = @_; return $d->http(GET => '/metrics')->{body} =~ /^\Q$name\E (\S+)$/m ? $1 : undef }

# --- what is dead ---
my @dead = map { submit('send', params => { good => $good, n => $_ }) } 1 .. 3;
becomes($_, 'dead') for @dead;
my $list = $d->ctl(qw(show dead name send));
is scalar(@{ $list->{dead} }), 3, 'show dead has them';
is_deeply [@{ $list->{dead}[0] }{qw(handler fault attempt failures message)}], ['send', 'handler_error', 2, 1, 'no route'],
	'and says why';
like $d->deferctl(qw(show dead))->{out}, qr/send\s+handler_error\s+2\s+1\s+\S+\s+no route$/m, '... as text';
is_deeply $d->ctl(qw(show dead fault timeout))->{dead}, [], 'by fault';
is metric('deferd_tasks_dead'), 3, 'a metric counts them';
is task($dead[0])->{params}{n}, 1, 'their bodies are kept';

# --- one by one ---
is act($dead[0], 'promote')->{status}, 409, 'a dead one cannot be promoted';
is act($dead[0], 'bake')->{status}, 404, 'there is no other verb';
my $later = submit('hello', delay => 3600);
is metric('deferd_tasks_delayed'), 1, 'a delayed one is counted';
is act($later, 'promote')->{status}, 200, 'promote over HTTP';
is becomes($later, 'done')->{result}, 'hello', '... runs it now';
is act($later, 'retry')->{status}, 409, 'what is done cannot be retried';
my $buried = submit('hello', delay => 3600);
is $d->deferctl('bury', $buried)->{status}, 0, 'bury';
is_deeply [@{ task($buried) }{qw(state)}, task($buried)->{error}{code}], ['dead', 'buried'], '... makes it dead';
my $promoted = submit('hello', delay => 3600);

# --- over a kill ---
$d->ctl(qw(pause main));
is $d->deferctl('retry', $dead[0])->{status}, 0, 'retry';
is task($dead[0])->{state}, 'queued', '... queues it';
is task($dead[0])->{attempt}, 0, '... as if it were new';
is act($promoted, 'promote')->{json}{state}, 'queued', 'and promote';
wait_for { $d->ctl(qw(show info))->{store_waiting_bytes} == 0 } 'committed';
wait_for { time > $good } 'its time';
again();
is becomes($dead[0], 'done')->{result}, 1, 'after a kill what was retried runs, from its first attempt';
becomes($promoted, 'done');
becomes($_, 'dead') for @dead[1, 2], $buried;
pass 'the others are dead still';
sub runs { return (grep { $_->{name} eq 'send' } @{ $d->ctl(qw(show handlers))->{handlers} })[0]{done} }
is runs(), 1, 'it ran once';
again();
is task($dead[0])->{state}, 'done', 'after another one it is done';
is runs(), 0, '... and did not run again';

# --- many ---
is $d->deferctl(qw(bulk retry))->{status}, 64, 'bulk: without a filter it is refused';
my $dry = $d->ctl(qw(bulk retry app demo name send dry yes));
is_deeply [@$dry{qw(count dry over)}, $dry->{tasks}[0]{id}], [2, JSON::PP::true(), JSON::PP::true(), $dead[1]],
	'dry: how many, and the first ones';
is task($dead[1])->{state}, 'dead', '... and nothing else';
like $d->deferctl(qw(bulk retry name send fault handler_error))->{out}, qr/^retry: 2 tasks\n  \S+  demo\/send\n/, 'bulk retry';
is becomes($_, 'done')->{result}, 1, '... they run' for @dead[1, 2];
ok $d->log_has(qr/bulk: retry: 2 tasks$/m), 'the log has it';
my @many = map { submit('hello', delay => 3600) } 1 .. 30;
is $d->ctl(qw(bulk bury name hello limit 10))->{count}, 10, 'bulk bury, up to a limit';
is scalar(grep { task($_)->{state} eq 'dead' } @many[0 .. 9]), 10, '... takes the oldest first';
is $d->ctl(qw(bulk promote name hello))->{count}, 20, 'bulk promote';
becomes($_, 'done') for @many[10 .. 29];
my $info = $d->ctl(qw(show info));
is_deeply [@$info{qw(store_engine store_state store_why durable delayed dead)}],
	['sqlite', 'ok', undef, JSON::PP::true(), 0, 11], 'show info tells of the store';
cmp_ok $info->{store_commits}, '>', 0, '... its commits';
cmp_ok $info->{store_file_bytes}, '>', 0, '... and its size';
is $d->http(GET => '/healthz')->{json}{status}, 'ok', 'healthz';
$d->stop_ok;
done_testing;
