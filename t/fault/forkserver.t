#!/usr/bin/perl
# The forkserver is killed: the workers live on, a new one comes, and it makes workers.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

my $d = start(workers => { concurrent => 2 });

sub forkserver {
	my %worker = map { ($_->{pid} // 0) => 1 } $d->workers;
	my ($found) = grep { !$worker{$_} } map { $_->[0] } children($d->pid);
	return $found;
}

until_true('both workers', sub { 2 == grep { $_->{pid} && $_->{state} eq 'ready' } $d->workers });
my $old = forkserver();
ok $old, 'there is a forkserver';
my @before = sort map { $_->{pid} } $d->workers;
my $running = run($d, 'wait', { for => 0.5, value => 'ran' });
worker_of($d, 'wait');
kill KILL => $old;
until_true('its end', sub { !alive($old) });
is $running->answer(5)->{json}{result}, 'ran', 'what runs is not disturbed';
my $new = until_true('a new one', sub {
	my $f = forkserver();
	return $f && $f != $old && $f;
});
ok $new, 'a new forkserver comes';
is_deeply [sort map { $_->{pid} } $d->workers], \@before, 'the workers are the same';
kill KILL => $before[0];
until_true('its end', sub { !alive($before[0]) });
pool_is_back($d, 2, 'the new one makes workers');

# Both at once
my @all = map { $_->[0] } children($d->pid);
kill KILL => @all;
until_true('their end', sub { !grep { alive($_) } @all });
pool_is_back($d, 2, 'forkserver and workers at once: the pool is back');

# Again and again: it is bounded, and it recovers.
my $killed = 0;
my $end = time + 3;
while (time < $end) {
	my $f = forkserver();
	$killed += kill KILL => $f if $f;
	select undef, undef, undef, 0.01;
}
note "killed $killed forkservers";
cmp_ok $killed, '<', 150, 'the starts of forkservers are bounded';
pool_is_back($d, 2, 'and it recovers');
is $d->stop, 0, 'it ends as asked';

done_testing;
