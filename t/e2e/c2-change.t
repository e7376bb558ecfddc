#!/usr/bin/perl
# cancel, kill, drain and stop against a real daemon.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("hello") { |req| "Hello" }
Cloud.event("slow") { |req| Deferred.delay(60).await }
Cloud.event("short") { |req| Deferred.delay(0.3) }
Cloud.event("hog", timeout: 60, burst: 60) { |req| loop { } }
RUBY
	config => { workers => { concurrent => 2 } });

sub submit {
	my ($name) = @_;
	return $d->call($name, undef, kind => 'event', execution => 'async')->{json}{id};
}
sub task { return $d->ctl('show', 'task', $_[0])->{task} }
sub wait_state {
	my ($id, $state) = @_;
	return wait_for { task($id)->{state} eq $state } "$id is $state";
}

# --- cancel ---
my @running = (submit('slow'), submit('slow'));
wait_state($_, 'leased') for @running;
my $queued = submit('slow');
is task($queued)->{state}, 'queued', 'the third one waits';
my $r = $d->deferctl('cancel', $queued);
is $r->{status}, 0, 'cancel a queued one';
like $r->{out}, qr/^$queued: cancelled$/, 'cancel: at once';
is task($queued)->{state}, 'cancelled', 'cancel: its state';
$r = $d->deferctl('cancel', substr $running[0], -12);
is $r->{status}, 0, 'cancel a running one, by the end of its id';
like $r->{out}, qr/told to cancel at its next await/, 'cancel: what happens next';
wait_state($running[0], 'cancelled');
pass 'its await raised';
is $d->ctl('show', 'info')->{workers_killed}, 0, 'no worker was killed for it';

# --- kill ---
my $hog = submit('hog');
wait_state($hog, 'leased');
my ($victim) = grep { ($_->{task_id} // '') eq $hog } $d->workers;
$r = $d->deferctl('kill', $hog);
is $r->{status}, 0, 'kill';
wait_state($hog, 'cancelled');
pass 'the task of a killed worker is cancelled';
wait_for { !kill 0, $victim->{pid} } 'the killed worker is gone';
wait_for { $d->ctl(qw(show info))->{workers_ready} == 2 } 'a new worker in its seat';
my ($seat) = grep { $_->{seat} == $victim->{seat} } $d->workers;
isnt $seat->{worker}, $victim->{worker}, 'with a new number';
ok $seat->{obituary}, 'and the obituary of the old one';
like $d->deferctl(qw(show workers))->{out}, qr/^seat $victim->{seat}, last death: \S/m, 'which show workers prints';
is task($running[1])->{state}, 'leased', 'the other worker was left alone';
$d->ctl('cancel', $running[1]);
wait_state($running[1], 'cancelled');
like $d->log, qr/control: "kill $hog" by uid /, 'the log says who';

# --- drain ---
my $last = submit('short');
$r = $d->deferctl('drain');
is $r->{status}, 0, 'drain';
like $r->{out}, qr/^draining, new tasks are refused/, 'drain: text';
is $d->call('hello')->{status}, 503, 'new tasks are refused';
wait_state($last, 'done');
pass 'what was there is finished';
is $d->ctl(qw(show info))->{phase}, 'draining', 'the phase';

# --- stop ---
$r = $d->deferctl('stop');
is $r->{status}, 0, 'stop';
like $r->{out}, qr/^stopping: /, 'stop: text';
is $d->wait(10), 0, 'deferd ends, with status 0';
$d->stop_ok('and leaves nothing');
done_testing;
