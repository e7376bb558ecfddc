#!/usr/bin/perl
# i5-times.t: the histograms of /metrics: each task that ran is in them once, by lane and
# kind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(wait_for);
use Test::More;

my $d = Deferd->start(handlers => <<'RUBY', config => { workers => 1 });
Cloud.function('quick') { |req| 1 }
Cloud.function('slow') { |req| Deferred.delay(0.3).await; 1 }
Cloud.event('tick') { |req| {} }
RUBY

sub metrics { return $d->http(GET => '/metrics')->{body} }

like metrics(), qr/^# TYPE deferd_task_$_\_seconds histogram$/m, "$_ before any task" for qw(wait run burst);
unlike metrics(), qr/^deferd_task_run_seconds_/m, '... has no lines';
$d->call('quick') for 1 .. 4;
$d->call('slow');
$d->call('tick', {}, kind => 'event', execution => 'async-low-priority');
my $low = 'lane="low",kind="event"';
wait_for { metrics() =~ /^deferd_task_run_seconds_count\{\Q$low\E\} 1$/m } 'the low-priority task';
my $text = metrics();
my $main = 'lane="main",kind="function"';
for (qw(wait run burst)) {
	like $text, qr/^deferd_task_${_}_seconds_count\{\Q$main\E\} 5$/m, "$_: each function once";
	like $text, qr/^deferd_task_${_}_seconds_bucket\{\Q$main\E,le="\+Inf"\} 5$/m, '... in the last bucket';
	like $text, qr/^deferd_task_${_}_seconds_count\{\Q$low\E\} 1$/m, '... and the event';
}
my ($sum) = $text =~ /^deferd_task_run_seconds_sum\{\Q$main\E\} ([\d.]+)$/m;
cmp_ok $sum, '>=', 0.3, 'a run has its awaits in it';
my ($below) = $text =~ /^deferd_task_run_seconds_bucket\{\Q$main\E,le="0\.25"\} (\d+)$/m;
cmp_ok $below, '<=', 4, '... and is in its bucket';
my ($burst) = $text =~ /^deferd_task_burst_seconds_sum\{\Q$main\E\} ([\d.]+)$/m;
cmp_ok $burst, '<', $sum, 'a burst has not';
like $text, qr/\n# EOF\n\z/, 'the end is the end';
$d->stop_ok;
done_testing;
