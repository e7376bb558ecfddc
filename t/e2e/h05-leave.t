#!/usr/bin/perl
# h05-leave.t: a client that goes away takes its sync call with it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use JSON::PP ();
use Program qw(wait_for);
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(time);

my %keys = map { $_ => Deferd->key($_) } qw(rest master);
my $d = Deferd->start(handlers => <<'RUBY', config => { workers => { concurrent => 2, slots => 2 },
Cloud.function("wait") { |req| Deferred.delay(req.params["s"]).await; "waited" }
RUBY
	apps => [{ id => 'demo', handlers => '{dir}/handlers', keys => \%keys, concurrent => 2 },
		{ id => 'keep', handlers => '{dir}/handlers', keys => \%keys, cancelOnDisconnect => JSON::PP::false }] });

sub ask {
	my ($s, $app) = @_;
	my $c = $d->client;
	$c->write($c->text(POST => '/v1/apps/' . ($app // 'demo') . '/tasks',
		{ name => 'wait', execution => 'sync', params => { s => $s } }, Authorization => 'Bearer master-key'));
	return $c;
}
sub tasks {
	my ($state) = @_;
	return scalar @{ $d->native(GET => "/tasks?name=wait&state=$state&limit=500")->{json}{tasks} };
}

# --- running ---
my $c = ask(30);
wait_for { tasks('leased') == 1 } 'a call runs';
my $before = time;
close $c->socket;
wait_for { tasks('cancelled') == 1 } 'its client leaves: it is cancelled';
ok time - $before < 2, '... soon';

# --- queued ---
my @busy = map { ask(30) } 1 .. 2;
wait_for { tasks('leased') == 2 } 'all slots are taken';
my @queued = map { ask(0) } 1 .. 50;
wait_for { tasks('queued') == 50 } '50 wait';
close $_->socket for @queued;
wait_for { tasks('queued') == 0 } 'their clients leave: none waits any more';
is tasks('cancelled'), 51, '... each was cancelled';
close $_->socket for @busy;
wait_for { tasks('leased') == 0 } 'the slots are free again';
like $d->http(GET => '/metrics')->{body}, qr/^deferd_http_disconnects_total 53$/m, 'all were counted';

# --- an app that goes on ---
sub kept {
	my ($state) = @_;
	my $r = $d->http(GET => "/v1/apps/keep/tasks?state=$state", undef, Authorization => 'Bearer master-key');
	return @{ $r->{json}{tasks} };
}
$c = ask(0.3, 'keep');
wait_for { kept('leased') == 1 } 'a call of the other app runs';
close $c->socket;
wait_for { kept('done') == 1 } 'its client leaves: it runs to its end';
my ($done) = kept('done');
my $r = $d->http(GET => "/v1/apps/keep/tasks/$done->{id}", undef, Authorization => 'Bearer master-key');
is $r->{json}{result}, 'waited', '... and its result can be asked for';
ok $r->{json}{run_ms} >= 290, '... all of its time';
ok $r->{json}{burst_max_ms} > 0 && $r->{json}{burst_max_ms} < 290, '... and its longest burst, which is less';
like $d->http(GET => '/metrics')->{body}, qr/^deferd_http_disconnects_total 54$/m, 'the client was seen to leave';

# --- only its own half ---
$c = ask(0.3);
wait_for { tasks('leased') == 1 } 'a call runs';
shutdown $c->socket, SHUT_WR;
$r = $c->read;
$r = $c->read while $r->{status} == 102;
is $r->{status}, 200, 'a client that has only sent its all gets its answer';
is $r->{json}{result}, 'waited', '... whole';

$d->stop_ok;
done_testing;
