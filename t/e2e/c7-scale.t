#!/usr/bin/perl
# scale, recycle, TTIN and TTOU: the pool changes under running tasks, and none is lost.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Ctl;
use Deferd qw(wait_for);
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("hello") { |req| "Hello" }
Cloud.event("wait") { |req| Deferred.delay(0.6).await }
Cloud.event("long") { |req| Deferred.delay(60).await }
RUBY
	config => { workers => { concurrent => 2, slots => 2 } });

sub submit {
	my ($name, $execution) = @_;
	return $d->call($name, undef, kind => 'event', execution => $execution // 'async')->{json}{id};
}
sub state_of { return $d->ctl('show', 'task', $_[0])->{task}{state} }
sub info     { return $d->ctl(qw(show info)) }
sub ready    { return scalar grep { $_->{state} eq 'ready' } $d->workers }
sub leased   { return info()->{leased} }

# --- more ---
my $r = $d->deferctl(qw(scale 4));
is $r->{status}, 0, 'scale up';
is $r->{out}, "scaled: the pool has 4 workers, all ready\n", 'it answers when they are ready';
is ready(), 4, 'and they are';
is info()->{capacity}, 8, 'capacity';
is info()->{low_limit}, 6, 'the low limit follows';

# --- fewer, under load ---
my @ids = map { submit('wait') } 1 .. 8;
wait_for { leased() == 8 } 'all slots are leased';
my @late = map { submit('wait') } 1 .. 4;
$r = $d->deferctl(qw(-j scale 1));
is $r->{status}, 0, 'scale down';
is ready(), 1, 'one worker is left when it answers';
is scalar($d->workers), 1, 'and no other seat is shown';
cmp_ok leased(), '<=', 2, 'not more than the new capacity is leased';
is info()->{low_limit}, 1, 'the low limit is smaller';
for my $id (@ids, @late) {
	wait_for { state_of($id) eq 'done' } "$id is done";
}
pass 'no task is lost';
is info()->{workers_died}, 0, 'no worker was killed for it';
is info()->{tasks_rerun}, 0, 'and none runs twice';
is $d->deferctl('scale', $_)->{status}, 64, "scale $_" for qw(0 many);

# --- how full it has been ---
cmp_ok info()->{queued_max}, '>=', 4, 'the most that waited';
is info()->{leased_max}, 8, 'the most that ran';
cmp_ok info()->{full_times}, '>=', 1, 'no slot was free';

# --- signals ---
$d->signal('TTIN');
wait_for { ready() == 2 } 'TTIN: one more';
pass 'TTIN';
$d->signal('TTOU');
wait_for { ready() == 1 } 'TTOU: one fewer';
pass 'TTOU';
$d->signal('TTOU');
wait_for { $d->log =~ /TTOU: a pool of 0 workers is outside its range/ } 'TTOU: not below one';
pass 'TTOU: not below one';
is ready(), 1, 'it stays';

# --- recycle ---
is $d->deferctl(qw(scale 3))->{status}, 0, 'scale 3';
my %was = map { $_->{worker} => 1 } $d->workers;
my ($one) = sort { $a <=> $b } keys %was;
$r = $d->deferctl('recycle', $one);
is $r->{status}, 0, 'recycle one';
my %now = map { $_->{worker} => 1 } $d->workers;
ok !$now{$one}, 'it is gone';
is scalar(grep { $was{$_} } keys %now), 2, 'the others stay';
is $d->deferctl('recycle', $one)->{status}, 1, 'twice: there is no such worker';
is $d->deferctl(qw(recycle all))->{status}, 0, 'recycle all';
is ready(), 3, 'all are ready when it answers';
is scalar(grep { $now{ $_->{worker} } } $d->workers), 0, 'and all are new';

# --- nobody waits for a long task without an end, and others are served meanwhile ---
my $long = submit('long');
wait_for { state_of($long) eq 'leased' } 'it runs';
my ($busy) = grep { ($_->{task_id} // '') eq $long } $d->workers;
my $sock = Ctl->new($d->socket);
$sock->send_words('recycle', $busy->{worker});
is $d->call('hello')->{status}, 200, 'calls are served';
is info()->{leased}, 1, 'commands are answered';
is_deeply [$sock->take], [], 'the one that waits is not answered yet';
$d->ctl('cancel', $long);
my ($code) = $sock->next_frame(10);
is $code, 200, 'it is once the task has ended';

# --- a reload keeps the size ---
$d->signal('HUP');
wait_for { $d->log =~ /reloaded/ } 'reloaded';
is info()->{capacity}, 6, 'a reload keeps the size';
is $d->deferctl(qw(scale 2))->{status}, 0, 'and it can be changed after it';
is ready(), 2, 'scale after a reload';

$sock->send_words('scale', 3);
$d->ctl('stop');
is $d->wait(10), 0, 'deferd ends though somebody waits';
$d->stop_ok('and leaves nothing');
done_testing;
