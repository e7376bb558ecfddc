#!/usr/bin/perl
# sigstorm.t: 10,000 random signals to the supervisor, its forkservers and its workers: every
# call is answered, no child's end is lost, nothing is left behind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Fault ();
use Program qw(slurp wait_for);
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{T_SEED} // time * 1000 % 2**31;
note "T_SEED=$seed";
srand $seed;
my @to_supervisor = qw(CHLD USR1 HUP TTIN TTOU PIPE URG WINCH);
# one that is killed has to load the handlers again, so that is rare
my @to_forkserver = (qw(STOP CONT CHLD WINCH URG PIPE HUP) x 10, 'KILL');
my @to_worker = qw(STOP CONT KILL CONT CHLD WINCH URG);

my $d = Deferd->start(
	config => { workers => { concurrent => 4, slots => 2, heartbeat => { interval => 1, timeout => 3 } } },
	handlers => 'Cloud.function("hello") { |req| "hi" }');

sub pids { return map { $_->{pid} } grep { $_->{pid} } $d->workers }

# What the supervisor started that is no worker; those that come up are among them.
sub forkservers {
	my %worker = map { $_ => 1 } @_;
	return grep { !$worker{$_} } map { $_->[0] } Fault::children($d->pid);
}

my ($sent, $answered, $end) = (0, 0, time + 60);
while ($sent < 10_000 && time < $end) {
	my @pids = pids();
	my @forkservers = forkservers(@pids);
	for (1 .. 50) {
		$sent++;
		my $to = rand;
		if ($to < 0.1 && @forkservers) { kill $to_forkserver[rand @to_forkserver], $forkservers[rand @forkservers] }
		elsif (!@pids || $to < 0.6) { kill $to_supervisor[rand @to_supervisor], $d->pid }
		else { kill $to_worker[rand @to_worker], $pids[rand @pids] }
	}
	kill CONT => @pids, @forkservers;
	my $r = $d->call('hello', {}, timeout => 10);
	if ($r->{status} == 200) { $answered++ } else { diag "$r->{status} $r->{body}" }
}
is $sent, 10_000, '10,000 signals';
is $answered, 200, '200 calls among them, all answered';

kill CONT => pids(), forkservers();
wait_for { my @w = $d->workers; @w && !grep { $_->{state} ne 'ready' } @w } 'all seats are filled again', 20;
my @zombies = grep { slurp($_) =~ /^State:\s+Z.*^PPid:\s+@{[$d->pid]}$/ms } glob '/proc/[0-9]*/status';
is @zombies, 0, 'no child is left unburied';
unlike $d->log, qr/ bug: /, 'no invariant was broken';
$d->stop_ok;
done_testing;
