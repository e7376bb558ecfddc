#!/usr/bin/perl
# pause, resume, undrain, set loglevel, and what deferd was told.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("hello") { |req| "Hello" }
Cloud.event("short") { |req| Deferred.delay(0.05) }
Cloud.timer("tick", every: 3600) { |req| "tock" }
RUBY
	config => { workers => { concurrent => 2 } });

sub submit {
	my ($execution) = @_;
	return $d->call('short', undef, kind => 'event', execution => $execution)->{json}{id};
}
sub state_of { return $d->ctl('show', 'task', $_[0])->{task}{state} }

# --- pause, resume ---
my $r = $d->deferctl(qw(pause low));
is $r->{status}, 0, 'pause';
like $r->{out}, qr/^low: paused: 0 queued, 0 running$/, 'pause: text';
my @low = map { submit('async-low-priority') } 1 .. 3;
my $main = submit('async');
wait_for { state_of($main) eq 'done' } 'main goes on';
is_deeply [map { state_of($_) } @low], [('queued') x 3], 'a paused lane starts nothing';
my ($lane) = grep { $_->{lane} eq 'low' } @{ $d->ctl(qw(show lanes))->{lanes} };
ok $lane->{paused}, 'show lanes says so';
$r = $d->deferctl(qw(resume low));
is $r->{status}, 0, 'resume';
for my $id (@low) {
	wait_for { state_of($id) eq 'done' } "$id is done";
}
pass 'what waited is run';
is $d->deferctl(qw(pause lanes))->{status}, 64, 'no such lane';

# --- drain, undrain ---
is $d->deferctl('undrain')->{status}, 1, 'undrain: not draining';
$d->ctl('drain');
is $d->call('hello')->{status}, 503, 'draining';
$r = $d->deferctl('undrain');
is $r->{status}, 0, 'undrain';
is $d->call('hello')->{status}, 200, 'new tasks are accepted again';
is $d->ctl(qw(show info))->{phase}, 'running', 'the phase';

# --- the log's level ---
unlike $d->log, qr/ debug: /, 'no debug lines at first';
is $d->deferctl(qw(set loglevel debug))->{status}, 0, 'set loglevel';
my ($worker) = $d->workers;
kill 'KILL', $worker->{pid};
wait_for { $d->log =~ / debug: worker \d+: ready/ } 'debug lines';
pass 'the level is in force';
is $d->deferctl(qw(set loglevel loud))->{status}, 64, 'no such level';

# --- what it was told ---
my ($timer) = @{ $d->ctl(qw(show timers))->{timers} };
is $timer->{name}, 'tick', 'show timers';
is $timer->{every_ms}, 3600000, 'its period';
cmp_ok $timer->{next_in_ms}, '>', 3500000, 'its next tick';
ok !$timer->{running}, 'it does not run now';
my ($app) = @{ $d->ctl(qw(show apps))->{apps} };
is $app->{handlers}, 3, 'show apps';
cmp_ok $app->{workers}, '>=', 1, 'its workers';
$r = $d->deferctl(qw(show config));
like $r->{out}, qr/^workers:\n  concurrent: 2\n/m, 'show config';
like $r->{out}, qr/masked-rest-1/, 'keys are masked';

# --- no way back from stop ---
my $long = submit('async');
$d->ctl('stop');
isnt $d->deferctl('undrain')->{status}, 0, 'undrain while it stops';
is $d->wait(10), 0, 'deferd ends';
$d->stop_ok('and leaves nothing');
done_testing;
