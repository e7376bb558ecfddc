#!/usr/bin/perl
# h05-leave.t: a client that goes away takes its sync call with it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(wait_for);
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(handlers => <<'RUBY', config => { workers => { concurrent => 1, slots => 2 } });
Cloud.function("wait") { |req| Deferred.delay(req.params["s"]).await; "waited" }
RUBY

sub ask {
	my ($s) = @_;
	my $c = $d->client;
	$c->write($c->text(POST => '/v1/apps/demo/tasks',
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

# --- only its own half ---
$c = ask(0.3);
wait_for { tasks('leased') == 1 } 'a call runs';
shutdown $c->socket, SHUT_WR;
my $r = $c->read;
$r = $c->read while $r->{status} == 102;
is $r->{status}, 200, 'a client that has only sent its all gets its answer';
is $r->{json}{result}, 'waited', '... whole';

$d->stop_ok;
done_testing;
