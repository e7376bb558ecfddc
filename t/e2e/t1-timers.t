#!/usr/bin/perl
# t1-timers.t: when timers run: cron, intervals, one shots; over a restart; ticks that overlap.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time);

my $soon = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 4));
my $later = '2037-01-31T03:15:00+01:00';
my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' }, workers => { concurrent => 8 } },
	handlers => <<"END");
Cloud.timer("second", cron: "* * * * * *", zone: "Australia/Lord_Howe") { |req| req.name }
Cloud.timer("missed", at: "$soon") { |req| 1 }
Cloud.timer("skipped", at: "$soon", missed: :skip) { |req| 1 }
Cloud.timer("nightly", cron: "15 3 * * MON-FRI", zone: "Europe/Berlin") { |req| 1 }
Cloud.timer("weekly", frequency: :weekly, on: [:MON], start: "$later") { |req| 1 }
Cloud.timer("over", every: "1h", expire: "2020-01-01T00:00:00Z") { |req| 1 }
Cloud.timer("alone", every: "200ms") { |req| Deferred.delay(0.5) }
Cloud.timer("beside", every: "200ms", overlap: :allow) { |req| Deferred.delay(0.7) }
Cloud.timer("behind", every: "200ms", overlap: :queue) { |req| Deferred.delay(0.5) }
END

sub timers { return map { ($_->{name} => $_) } @{ $d->ctl(qw(show timers))->{timers} } }
sub timer { my %all = timers(); return $all{ $_[0] } }
sub tasks {
	my ($name, $state) = @_;
	my $tasks = $d->native(GET => "/tasks?name=$name&state=$state&limit=500")->{json}{tasks};
	return grep { $_->{name} eq $name && $_->{state} eq $state } @$tasks;
}

# --- what they are ---
my %t = timers();
is $t{second}{cron}, '* * * * * *', 'show timers: the expression';
is $t{second}{zone}, 'Australia/Lord_Howe', 'the zone';
like $t{nightly}{next}, qr/T0[12]:15:00\.000Z$/, 'the next run is in UTC';
is $t{weekly}{cron}, '0 15 3 * * MON', 'a frequency is written out';
like $t{weekly}{next}, qr/^2037-02-02T03:15:00/, 'not before its start';
is $t{over}{next}, undef, 'none after its end';
is $t{missed}{at}, $soon =~ s/Z$/.000Z/r, 'a moment';
is "$t{skipped}{missed} $t{behind}{overlap}", 'skip queue', 'the options';
like $d->deferctl(qw(show timers))->{out}, qr/^demo .*nightly .*15 3 \* \* MON-FRI .*Europe\/Berlin/m, 'in text';

# --- away ---
wait_for { timer('alone')->{done} } 'ticks are in the store', 5;
%t = timers();
is $t{missed}{done} + $t{skipped}{done}, 0, 'a moment has not come';
$d->signal('KILL');
$d->wait;
wait_for { strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time - 1)) gt $soon } 'it comes', 8;
$d = Deferd->start(again => $d);
wait_for { timer('missed')->{done} == 1 } 'a tick that was missed runs once', 5;
%t = timers();
is $t{missed}{next}, undef, '... and never again';
is $t{skipped}{done}, 0, 'missed: skip';
is scalar(tasks('missed', 'done')), 1, 'it was one task';
like $t{nightly}{next}, qr/T0[12]:15:00\.000Z$/, 'the others go on';
# --- they run ---
wait_for { timer('second')->{done} >= 2 } 'a cron of six fields runs each second', 5;
%t = timers();
like $t{second}{last}, qr/^20\d\d-.*Z$/, 'the last run is told';
wait_for { tasks('beside', 'leased') > 1 } 'overlap: allow', 5;
wait_for { timer('behind')->{owed} > 1 } 'overlap: queue: ticks wait', 5;
cmp_ok scalar(tasks('behind', 'leased')), '<', 2, '... and run one behind the other';
cmp_ok scalar(tasks('alone', 'leased')), '<', 2, 'overlap: skip';
ok $d->log_has(qr/alone.*has not ended: this one is left out/), '... says so';

# --- once more ---
is $d->stop, 0, 'stopped';
$d = Deferd->start(again => $d);
wait_for { timer('second')->{done} > 0 } 'the seconds go on', 5;
is scalar(tasks('missed', 'done')), 1, 'a one shot is not repeated by a restart';
is timer('missed')->{done}, 0, '... at all';

$d->stop_ok;
done_testing;
