#!/usr/bin/perl
# TERM, QUIT and INT, with work running and queued.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;
use Time::HiRes qw(time);

# One worker; one sync call runs for $for seconds, and behind it wait one sync and one low.
sub busy {
	my ($for, %config) = @_;
	my $d = start(workers => { concurrent => 1 }, %config);
	my $running = run($d, 'wait', { for => $for, value => 'ran' });
	worker_of($d, 'wait');
	my $queued = run($d, 'wait', { for => 0.05, value => 'queued' });
	my $low = run($d, 'wait', { for => 0.05 }, execution => 'async-low-priority')->answer;
	is $low->{status}, 202, 'the low task is accepted';
	return ($d, $running, $queued);
}

# Waits until it has taken the signal.
sub stopping {
	my ($d) = @_;
	return until_true('its reaction', sub { $d->ctl(qw(show info))->{phase} ne 'running' });
}

sub ends {
	my ($d, $seconds, $name) = @_;
	my $began = time;
	my $status = $d->wait($seconds);
	my $took = time - $began;
	is $status, 0, sprintf "$name: ends with 0 (%.2f s)", $took;
	return $took;
}

# TERM: what runs and what waits is finished; nothing new is taken.
my ($d, $running, $queued) = busy(1);
my @below = map { $_->[0] } children($d->pid);
kill TERM => $d->pid;
stopping($d);
my $late = eval { run($d, 'hello')->answer(5) };
ok !$late || $late->{status} == 503 || $late->{status} == 0, 'TERM: a new call is refused';
is $running->answer(5)->{json}{result}, 'ran', 'TERM: what ran is finished';
is $queued->answer(5)->{json}{result}, 'queued', 'TERM: what waited is finished';
ends($d, 5, 'TERM');
is_deeply [grep { alive($_) } @below], [], 'TERM: no process is left';
unlike $d->log, qr/dropped [1-9]/, 'TERM: nothing was dropped';

# TERM with a grace that is too short: it says what was dropped.
($d, $running, $queued) = busy(20, shutdown => { grace => '300ms' });
kill TERM => $d->pid;
my $took = ends($d, 5, 'TERM, short grace');
cmp_ok $took, '>', 0.25, '... not before its grace';
cmp_ok $took, '<', 3, '... and soon after it';
for ($running, $queued) {
	my $r = $_->answer(1);
	ok $r->{status} == 503 || $r->{status} == 409,
		"... its callers are told ($r->{status})" or diag $r->{body};
}
like $d->log, qr/drop/i, '... and the log says what was dropped';

# TERM twice: at once.
($d, $running, $queued) = busy(20);
kill TERM => $d->pid;
stopping($d);
kill TERM => $d->pid;
cmp_ok ends($d, 5, 'TERM twice'), '<', 3, '... at once';

# QUIT: without a limit.
($d, $running, $queued) = busy(1.2, shutdown => { grace => '100ms' });
kill QUIT => $d->pid;
is $running->answer(5)->{json}{result}, 'ran', 'QUIT: what ran is finished, beyond the grace';
is $queued->answer(5)->{json}{result}, 'queued', 'QUIT: what waited is finished';
ends($d, 5, 'QUIT');

# INT: fast.
($d, $running, $queued) = busy(20);
kill INT => $d->pid;
cmp_ok ends($d, 5, 'INT'), '<', 2, '... fast';
for ($running, $queued) {
	my $r = $_->answer(1);
	ok $r->{status} == 503 || $r->{status} == 409, "... its callers are told ($r->{status})";
}

# Idle
$d = start(workers => { concurrent => 4 });
kill TERM => $d->pid;
cmp_ok ends($d, 5, 'TERM when idle'), '<', 1, '... soon';
ok !-e $d->socket, 'the control socket is removed';

done_testing;
