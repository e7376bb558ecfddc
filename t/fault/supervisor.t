#!/usr/bin/perl
# The supervisor is killed: no worker and no forkserver is left behind, not even one that
# hogs its loop; and a new deferd starts in the same place.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

my $d = start(workers => { concurrent => 4, heartbeat => { interval => '100ms', timeout => '60s' } });
my $spin = run($d, 'spin');
my $wait = run($d, 'wait', { for => 30 });
worker_of($d, $_) for qw(spin wait);
my @pids = map { $_->[0] } children($d->pid);
cmp_ok scalar(@pids), '>=', 5, @pids . ' processes below it';
kill KILL => $d->pid;
my $gone = eval { until_true('their end', sub { !grep { alive($_) } @pids }, 3) };
ok $gone, 'all are gone' or do {
	diag 'left: ' . join ' ', grep { alive($_) } @pids;
	kill KILL => grep { alive($_) } @pids;
};
is $_->answer(5)->{status}, 0, 'its connections are closed' for $spin, $wait;
$d->stop;

$d = start(options => { again => $d });
pool_is_back($d, 4, 'a new one starts where the dead one was');
is $d->stop, 0, 'it ends as asked';

done_testing;
