#!/usr/bin/perl
# Workers that die, hang or are driven to it: the culprit's caller gets its error, nobody
# else notices, and the pool is back to size.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;
use Time::HiRes qw(time);

# What the neighbours are: calls that await while the culprit does its harm.
sub bystanders {
	my ($d, $n) = @_;
	my @calls = map { run($d, 'wait', { for => 0.8, value => $_ }) } 1 .. $n;
	until_true('the bystanders', sub {
		my $leases = 0;
		$leases += $_->{leases} for $d->workers;
		return $leases >= $n;
	});
	return @calls;
}

sub bystanders_complete {
	my ($name, @calls) = @_;
	my @got = map { $_->answer(15)->{json}{result} } @calls;
	is_deeply \@got, [1 .. @calls], "$name: " . @calls . ' bystanders complete';
	return;
}

# The worker that runs Ruby and does not stop.
sub in_burst {
	my ($d) = @_;
	return until_true('the burst', sub {
		my ($w) = grep { ($_->{burst_ms} // -1) > 20 } $d->workers;
		return $w;
	});
}

sub is_error {
	my ($r, $status, $code, $name) = @_;
	is_deeply [$r->{status}, $r->{json}{error}{code}], [$status, $code], $name
		or diag "took $r->{took} s: $r->{body}";
	return;
}

for my $pool ([4, 1, 3], [2, 4, 5], [1, 4, 3]) {
	my ($concurrent, $slots, $n) = @$pool;
	my $name = "$concurrent x $slots";
	my $d = start(workers => { concurrent => $concurrent, slots => $slots,
		heartbeat => { interval => '100ms', timeout => '1s' } });

	# kill -9
	my @calm = bystanders($d, $n);
	my $culprit = run($d, 'spin');
	my $worker = in_burst($d);
	my $killed = time;
	kill KILL => $worker->{pid};
	my $r = $culprit->answer(5);
	my $took = time - $killed;
	is_error($r, 500, 'worker_died', "$name, kill -9: the caller is told");
	cmp_ok $took, '<', 0.05, sprintf "$name, kill -9: within 50 ms (%.1f ms)", $took * 1000;
	bystanders_complete("$name, kill -9", @calm);
	pool_is_back($d, $concurrent, "$name, kill -9: the pool is back");

	# SIGSTOP while Ruby runs, and while it awaits
	@calm = bystanders($d, $n);
	$culprit = run($d, 'spin');
	$worker = in_burst($d);
	kill STOP => $worker->{pid};
	is_error($culprit->answer(5), 500, 'worker_died', "$name, SIGSTOP in a burst: the caller is told");
	bystanders_complete("$name, SIGSTOP in a burst", @calm);
	pool_is_back($d, $concurrent, "$name, SIGSTOP in a burst: the pool is back");

	@calm = bystanders($d, $n);
	($worker) = grep { $_->{leases} } $d->workers;
	kill STOP => $worker->{pid};
	bystanders_complete("$name, SIGSTOP in an await", @calm);
	pool_is_back($d, $concurrent, "$name, SIGSTOP in an await: the pool is back");

	# loop {}: the burst limit, and a deadline below it
	@calm = bystanders($d, $n);
	$culprit = run($d, 'spin');
	is_error($culprit->answer(5), 500, 'worker_died', "$name, loop {}: killed at the burst limit");
	bystanders_complete("$name, loop {}", @calm);
	@calm = bystanders($d, $n);
	$r = run($d, 'spin briefly')->answer(5);
	is_error($r, 504, 'timeout', "$name, loop {} with a timeout of 0.4 s");
	cmp_ok $r->{took}, '<', 0.4 + 0.1 + 0.15, "$name: answered at its deadline + 100 ms";
	bystanders_complete("$name, loop {} with a timeout", @calm);
	pool_is_back($d, $concurrent, "$name, loop {}: the pool is back");
	$d->stop;
}

# NoMemoryError: the task fails, its worker is not used on.
for my $slots (1, 4) {
	my $d = start(workers => { concurrent => 2, slots => $slots, maxMemory => '16M',
		heartbeat => { interval => '100ms', timeout => '5s' } });
	for my $name ('eat memory', 'eat objects') {
		my @calm = bystanders($d, $slots == 1 ? 1 : 4);
		my $r = run($d, $name)->answer(10);
		cmp_ok $r->{status}, '>=', 400, "slots $slots, $name: an error ($r->{status})";
		like $r->{body}, qr/memory|worker_died/i, "slots $slots, $name: that says why"
			or diag $r->{body};
		bystanders_complete("slots $slots, $name", @calm);
		pool_is_back($d, 2, "slots $slots, $name: the pool is back");
	}
	$d->stop;
}

# Deep recursion and ways out: errors of the handler; the worker goes on.
my $d = start(workers => { concurrent => 1, slots => 4 });
my $pid = ($d->workers)[0]{pid};
for my $name ('recurse', 'recurse after', 'recurse to_s') {
	my ($calm) = bystanders($d, 1);
	is_error(run($d, $name)->answer(5), 422, 'handler_error', "$name: an error of the handler");
	bystanders_complete($name, $calm);
}
is(($d->workers)[0]{pid}, $pid, 'the worker has survived the recursions');
my @ways = @{ run($d, 'ways')->answer(5)->{json}{result} };
for my $way (grep { $_ ne 'NoMemoryError by hand' } @ways) {
	my $r = run($d, 'way out', { way => $way })->answer(5);
	is $r->{status}, 422, "$way is an error of the handler" or diag $r->{body};
}
is(($d->workers)[0]{pid}, $pid, 'the worker has survived the ways out');
my $r = run($d, 'way out', { way => 'NoMemoryError by hand' })->answer(5);
cmp_ok $r->{status}, '>=', 422, 'NoMemoryError by hand';
pool_is_back($d, 1);

# Once, and once only.
my $once = run($d, 'once', { for => 5 });
kill KILL => worker_of($d, 'once')->{pid};
is_error($once->answer(5), 500, 'worker_died', 'repeat: false: a neighbour is not run again');
$d->stop;

done_testing;
