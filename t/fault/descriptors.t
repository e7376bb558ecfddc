#!/usr/bin/perl
# No descriptors left: with far too few it does not start, and says why. With few, new
# connections wait, nothing spins, what is open is served, the control socket answers, and
# all is well as soon as some are free again.
# "descriptors.t STEP" sweeps from 16 to 256 in such steps.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my ($first, $last, $least) = (16, 256, 48 + 2 * 8);
my @limits = @ARGV ? map { $first + $_ * $ARGV[0] } 0 .. ($last - $first) / $ARGV[0]
	: (16, 40, $least - 1, $least, 80, 128, $last);
my %config = (workers => { concurrent => 2, heartbeat => { interval => '100ms', timeout => '500ms' } });

# A start with so few: the exit status, and the sentence.
sub is_refused {
	my ($n) = @_;
	my $d = Deferd->prepare(handlers => handlers_dir(), config => \%config, limits => { n => $n })->launch;
	my $status = $d->wait(5);
	is $status, 71, "$n: it does not start";
	like $d->log, qr/only $n files may be open, and with 2 workers it needs $least at the least: .*not started/,
		"$n: and says why";
	return;
}

# As many connections as can be had, more than it may open.
sub flood {
	my ($d, $n) = @_;
	my ($host) = $d->url =~ m{//(.*)};
	my @open;
	for (1 .. $n + 40) {
		my $s = IO::Socket::INET->new(PeerAddr => $host, Timeout => 0.2) or last;
		push @open, $s;
	}
	return @open;
}

# For a while: how often the control socket answered, and the longest that it took.
sub ask_control {
	my ($d, $seconds) = @_;
	my ($asked, $longest, $end) = (0, 0, time + $seconds);
	while (time < $end) {
		my $began = time;
		my $info = eval {
			local $SIG{ALRM} = sub { die "no answer\n" };
			alarm 3;
			my $got = $d->ctl(qw(show info));
			alarm 0;
			$got;
		};
		return (0, time - $began) if !$info;
		$asked++;
		$longest = time - $began if time - $began > $longest;
	}
	return ($asked, $longest);
}

sub stands_it {
	my ($n) = @_;
	my $d = start(%config, options => { limits => { n => $n } });
	my $kept = run($d, 'wait', { for => 0.8, value => 'kept' });
	worker_of($d, 'wait');
	my @open = flood($d, $n);
	my $cpu = cpu_seconds($d->pid);
	my $began = time;
	my ($asked, $longest) = ask_control($d, 0.5);
	ok $asked, sprintf "$n: beside %d connections the control socket answers (%d times, the longest %.0f ms)",
		scalar @open, $asked, $longest * 1000;
	is $kept->answer(10)->{json}{result}, 'kept', "$n: the call that was under way is answered";
	my $idle = cpu_seconds($d->pid);
	my $end = time + 0.3;
	until_true('the end of a while', sub { time > $end });
	$idle = cpu_seconds($d->pid) - $idle;
	cmp_ok $idle, '<', 0.1, sprintf "$n: no spin: %.2f s of processor time in 0.3 s", $idle;
	# A worker that dies now is replaced, even if it takes until descriptors are free.
	kill KILL => ($d->workers)[0]{pid};
	close $_ for @open;
	$began = time;
	until_true('an answer', sub {
		my $r = eval { run($d, 'hello', { name => 'again' })->answer(2) };
		return $r && $r->{status} == 200;
	});
	cmp_ok time - $began, '<', 1, sprintf "$n: %.0f ms after they are free calls are answered", 1000 * (time - $began);
	pool_is_back($d, 2, "$n: the pool is back");
	is $d->stop, 0, "$n: it ends as asked";
	return;
}

for my $n (@limits) {
	if ($n < $least) { is_refused($n) } else { stands_it($n) }
}
done_testing;
