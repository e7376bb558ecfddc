#!/usr/bin/perl
# Every worker is killed as soon as it is seen: starts are bounded, the control socket and
# HTTP go on, and the pool comes back by itself when it stops.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Program qw(is_alive wait_for);
use Test::More;
use Time::HiRes qw(time);

my $d = start(workers => { concurrent => 4 });
my ($slowest, $killed, $end) = (0, 0, time + 4);
my $cpu = cpu_seconds($d->pid);
while (time < $end) {
	my @pids;
	wait_for {
		my $asked = time;
		@pids = grep { $_ } map { $_->{pid} } $d->workers;
		my $took = time - $asked;
		$slowest = $took if $took > $slowest;
		@pids || time >= $end;
	} 'a worker to kill';
	$killed += kill KILL => $_ for @pids;
	wait_for { !grep { is_alive($_) } @pids } 'their ends';
}
$cpu = cpu_seconds($d->pid) - $cpu;
cmp_ok $killed, '>', 4, "killed $killed workers";
cmp_ok $killed, '<', 200, 'the starts were slowed down';
cmp_ok metric($d, 'deferd_spawns_delayed_total'), '>', 0, '... and that was counted';
cmp_ok $slowest, '<', 1, sprintf 'the control socket answered (slowest: %.0f ms)', $slowest * 1000;
cmp_ok $cpu, '<', 2, sprintf 'no spin: %.2f s of processor time in 4 s', $cpu;
is fetch($d, '/healthz')->{status}, 200, 'HTTP answers';
pool_is_back($d, 4);
$d->stop;

done_testing;
