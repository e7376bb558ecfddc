#!/usr/bin/perl
# A task that kills its workers is given up after three deaths; its neighbours are not
# charged, and a task that only happens to be there is run again, at most five times.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

my $d = start(workers => { concurrent => 2, slots => 2,
	heartbeat => { interval => '50ms', timeout => '200ms' } });

sub task {
	my ($id) = @_;
	return fetch($d, "/v1/apps/demo/tasks/$id")->{json};
}

sub ended {
	my ($id) = @_;
	return until_true("the end of $id", sub {
		my $t = task($id);
		return $t->{finished_at} && $t;
	}, 20);
}

for my $execution ('async', 'async-low-priority') {
	my $r = run($d, 'spin', undef, execution => $execution)->answer;
	is $r->{status}, 202, "$execution: accepted";
	my $t = ended($r->{json}{id});
	is_deeply [@$t{qw(state attempt)}, $t->{error}{code}], ['dead', 3, 'poison'],
		"$execution: dead after the third death";
}

# The neighbour of a poisonous task in the same worker
$d->stop;
$d = start(workers => { concurrent => 1, slots => 2,
	heartbeat => { interval => '50ms', timeout => '200ms' } });
my $calm = run($d, 'wait', { for => 2, value => 'calm' }, execution => 'async')->answer->{json}{id};
my $poison = run($d, 'spin', undef, execution => 'async')->answer->{json}{id};
is ended($poison)->{error}{code}, 'poison', 'the culprit is dead';
my $t = ended($calm);
is_deeply [@$t{qw(state result)}], ['done', 'calm'], 'its neighbour is done';
cmp_ok $t->{attempt}, '>', 1, "... after $t->{attempt} leases";

# Nobody's fault, again and again
my $id = run($d, 'wait', { for => 10 }, execution => 'async')->answer->{json}{id};
my %killed;
while (keys %killed < 12) {
	my $w = until_true('a worker or the end', sub {
		return { over => 1 } if task($id)->{finished_at};
		my ($found) = grep { ($_->{task_name} // '') eq 'wait' && !$killed{ $_->{pid} } }
			$d->workers;
		return $found;
	});
	last if $w->{over};
	kill KILL => $w->{pid};
	$killed{ $w->{pid} } = 1;
}
$t = ended($id);
is scalar(keys %killed), 6, 'five re-runs, then it is given up';
like $t->{state}, qr/^(?:dead|failed)$/, "... as $t->{state}";
pool_is_back($d, 1);
$d->stop;

done_testing;
