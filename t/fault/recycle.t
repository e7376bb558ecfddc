#!/usr/bin/perl
# A worker that has grown, or has made many symbols, is replaced between tasks: the tasks
# that it runs are finished in it, and it gets no new ones.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

sub retired {
	my ($d, $cause) = @_;
	my ($n) = fetch($d, '/metrics')->{body} =~ /^deferd_workers_retired_total\{cause="$cause"\} (\d+)$/m;
	return $n;
}

my $d = start(workers => { concurrent => 1, slots => 4, maxMemory => '16M',
	heartbeat => { interval => '50ms', timeout => '5s' } });

# 0 while one replaces the other.
sub pid {
	my ($ready) = grep { $_->{state} eq 'ready' } $d->workers;
	return $ready ? $ready->{pid} : 0;
}

# $harm is called beside a task that awaits, and calls of others go on until the end.
sub is_replaced {
	my ($name, $cause, $harm, $params) = @_;
	my $pid = until_true('a ready worker', \&pid);
	my $calm = run($d, 'wait', { for => 0.4, value => 'calm' });
	my $r = run($d, $harm, $params)->answer;
	is $r->{status}, 200, "$name: the task itself is done" or diag $r->{body};
	my ($asked, $wrong) = (0, 0);
	until_true("$name: another worker", sub {
		my $hello = run($d, 'hello', { name => ++$asked })->answer;
		$wrong++ if ($hello->{json}{result} // '') ne "Hello $asked";
		my $now = pid();
		return $now && $now != $pid;
	});
	is $wrong, 0, "$name: the worker is replaced, none of $asked calls meanwhile got an error";
	is $calm->answer->{json}{result}, 'calm', "$name: what it ran is finished";
	is retired($d, $cause), 1, "$name: ... counted as $cause";
	return;
}

is_replaced('symbols', 'own', 'symbols', { n => 11_000 });
my $pid = pid();
is run($d, 'symbols', { n => 5_000 })->answer->{json}{result}, 'made', 'some symbols';
is run($d, 'symbols', { n => 5_000 })->answer->{json}{result}, 'made', '... the same ones again';
is pid(), $pid, '... are no reason';
SKIP: {
	skip 'AddressSanitizer holds memory back', 4 if with_asan();
	is_replaced('memory', 'memory', 'keep', { n => 13 });
}
is metric($d, 'deferd_workers_died_total'), 0, 'none has died';
is metric($d, 'deferd_tasks_rerun_total'), 0, 'none was run again';
$d->stop_ok;

# 100,000 symbols in one task: a burst that is too long, like any other.
$d = start(workers => { concurrent => 1, heartbeat => { interval => '100ms', timeout => '1s' } });
my $r = run($d, 'symbols', { n => 100_000 })->answer;
is $r->{json}{error}{code}, 'worker_died', '100,000 symbols: the burst limit ends it';
pool_is_back($d, 1);
$d->stop_ok;

done_testing;
