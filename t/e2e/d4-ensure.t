#!/usr/bin/perl
# d4-ensure.t: a timeout, a cancel and the end of a stop raise in the handler's await, so
# that its `ensure` runs; one that awaits there has a moment for it; one that does not end
# costs nobody else anything.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Http;
use Test::More;

my $handlers = <<'RUBY';
Cloud.function("plain") { begin; Deferred.delay(60).await; ensure; puts "plain: ensured"; end }
Cloud.function("awaits") { begin; Deferred.delay(60).await; ensure; Deferred.delay(0.05).await; puts "awaits: ensured"; end }
Cloud.function("swallows") { loop { begin; Deferred.delay(60).await; rescue Exception => e; puts "swallows: #{e.class}"; end } }
Cloud.function("loops") { begin; Deferred.delay(60).await; ensure; puts "loops: began"; loop { } end }
Cloud.function("nap") { |req| Deferred.delay(req.params["s"]).then { "rested" } }
RUBY
my $d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 1, slots => 4, killGrace => '300ms' } });
my $pid = ($d->workers)[0]{pid};

# A call of $name that ends at its timeout, with a bystander in the same worker.
sub with_bystander {
	my ($name, %task) = @_;
	my $key = $d->key('master');
	my @call = map { [POST => '/v1/apps/demo/tasks', { kind => 'function', execution => 'sync', @$_ },
		Authorization => "Bearer $key"] } [name => $name, params => {}, timeout => 0.2],
		[name => 'nap', params => { s => 0.7 }];
	return Http::many($d->url, 2, @call);
}

for my $name (qw(plain awaits)) {
	my ($r, $other) = with_bystander($name);
	is $r->{status}, 504, "$name: the caller is told in time";
	ok $d->log_has(qr/$name: ensured/, 3), '... ensure runs';
	is $other->{json}{result}, 'rested', '... the bystander is well';
	is(($d->workers)[0]{pid}, $pid, '... the worker goes on');
}

my ($r, $other) = with_bystander('swallows');
is $r->{status}, 504, 'swallows: the caller is told in time';
is $other->{json}{result}, 'rested', '... the bystander is well';
ok $d->log_has(qr{ demo/swallows: task [0-9a-f-]{36}, attempt 1: it awaits on after it was interrupted: its fiber is given up, the worker will be replaced}, 3), '... the log tells';
wait_for { my $now = ($d->workers)[0]; $now->{state} eq 'ready' && $now->{pid} != $pid } 'a new worker';
ok !($d->workers)[0]{last_death}, '... the worker left by itself, when its other tasks were done';
unlike $d->log, qr/nap\S*: task \S+, attempt 2/, '... none of which ran again';

$pid = ($d->workers)[0]{pid};
($r, $other) = with_bystander('loops');
is $r->{status}, 504, 'loops: the caller is told in time';
is $other->{json}{result}, 'rested', '... the bystander is well: it ran again in another worker';
isnt(($d->workers)[0]{pid}, $pid, '... since this one was killed');
like $d->log, qr/killed/, '... and the log says so';

# --- cancelled ---
my $id = $d->call(plain => {}, execution => 'async')->{json}{id};
wait_for { $d->ctl('show', 'task', $id)->{task}{state} eq 'leased' } 'it runs';
$d->ctl('cancel', $id);
wait_for { $d->ctl('show', 'task', $id)->{task}{state} eq 'cancelled' } 'it is cancelled';
is scalar(() = $d->log =~ /plain: ensured/g), 2, 'cancel: ensure runs';

# --- killed ---
$pid = ($d->workers)[0]{pid};
$id = $d->call(plain => {}, execution => 'async')->{json}{id};
my $nap = $d->call(nap => { s => 0.4 }, execution => 'async')->{json}{id};
my $client = $d->client;
$client->write($client->text(POST => '/v1/apps/demo/tasks', { name => 'nap', execution => 'sync', params => { s => 0.4 } },
	Authorization => 'Bearer master-key'));
wait_for { @{ $d->ctl(qw(show tasks state leased))->{tasks} } == 3 } 'three run in one worker';
$d->ctl('kill', $id);
wait_for { $d->ctl('show', 'task', $id)->{task}{state} eq 'cancelled' } 'kill: the task ends as cancelled';
isnt(($d->workers)[0]{pid}, $pid, '... with its worker');
is $client->read->{json}{result}, 'rested', '... its neighbour that a client waits for runs again';
my $t = wait_for { my $task = $d->ctl('show', 'task', $nap)->{task}; $task->{state} eq 'done' && $task } 'and the other one';
is $t->{reruns}, 1, '... uncharged';
is $t->{deaths}, 0, '... for no death of its making';
is scalar(() = $d->log =~ /plain: ensured/g), 2, '... of what is killed nothing runs any more';

$d->stop_ok;

# --- the end of a stop ---
$d = Deferd->start(handlers => $handlers, config => { workers => { concurrent => 2, slots => 4 }, shutdown => { grace => '200ms' } });
# In one worker `loops` would keep what the others say from leaving it.
wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'two workers';
for my $name (qw(plain awaits swallows loops)) {
	$id = $d->call($name => {}, execution => 'async')->{json}{id};
	wait_for { $d->ctl('show', 'task', $id)->{task}{state} eq 'leased' } "$name runs";
}
$d->signal('TERM');
is $d->wait(5), 0, 'TERM: the stop ends, whatever handlers do';
like $d->log, qr/(plain|awaits): ensured/, '... ensure ran when the grace was over';
like $d->log, qr/dropped 4 tasks/, '... and the tasks are counted as dropped';
is_deeply [$d->leftovers], [], '... no process is left';
done_testing;
