#!/usr/bin/perl
# A hundred dead workers, a hundred retired ones, a thousand calls: no descriptor, no zombie
# and no heap of memory is left over.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

sub rss_kb {
	my ($pid) = @_;
	open my $f, '<', "/proc/$pid/status" or return 0;
	my ($kb) = join('', <$f>) =~ /^VmRSS:\s+(\d+)/m;
	return $kb;
}

sub kill_some {
	my ($d, $n) = @_;
	for (1 .. $n) {
		my ($w) = until_true('a ready worker', sub {
			my ($found) = grep { $_->{state} eq 'ready' } $d->workers;
			return $found;
		});
		# A worker that has done something is replaced at once.
		run($d, 'hello', { name => $_ })->answer(5);
		kill KILL => $w->{pid};
		until_true('its end', sub { !grep { ($_->{pid} // 0) == $w->{pid} } $d->workers });
	}
	return;
}

my $d = start(workers => { concurrent => 1 });
kill_some($d, 10);
pool_is_back($d, 1);
my ($fds, $rss) = (fds($d->pid), rss_kb($d->pid));
kill_some($d, 100);
pool_is_back($d, 1);
cmp_ok fds($d->pid), '<=', $fds + 2, "no more than $fds + 2 descriptors after 100 deaths";
SKIP: {
	# it keeps what was freed, to catch its use; and it looks for leaks by itself
	skip 'AddressSanitizer holds memory back', 1
	    if with_asan();
	cmp_ok rss_kb($d->pid), '<', $rss + 2048, "no more than $rss kB + 2 MB resident";
}
is_deeply [grep { $_->[1] eq 'Z' } children($d->pid)], [], 'no zombies';
is scalar(children($d->pid)), 2, 'one forkserver and one worker below it';
$d->stop;

$d = start(workers => { concurrent => 2, maxTasks => 5 });
run($d, 'hello', { name => $_ })->answer(5) for 1 .. 100;
pool_is_back($d, 2);
$fds = fds($d->pid);
my @calls = map { run($d, 'hello', { name => $_ })->answer(5)->{json}{result} } 1 .. 500;
is_deeply \@calls, [map { "Hello $_" } 1 .. 500], '500 calls, a new worker after every fifth';
pool_is_back($d, 2);
cmp_ok fds($d->pid), '<=', $fds + 2, "no more than $fds + 2 descriptors after a hundred retirements";
cmp_ok metric($d, 'deferd_workers_retired_total'), '>=', 100, '... which took place';
is_deeply [grep { $_->[1] eq 'Z' } children($d->pid)], [], 'no zombies';
is $d->stop, 0, 'it ends as asked';

done_testing;
