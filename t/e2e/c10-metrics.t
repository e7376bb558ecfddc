#!/usr/bin/perl
# c10-metrics.t: every metric that /metrics shows is in deferd-http(7), and the other way
# round; the format is OpenMetrics'; batches, lag, peaks and causes are counted.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Program qw(slurp);
use Test::More;

my $d = Deferd->start(config => { workers => { concurrent => 2 } }, handlers => <<'RUBY');
Cloud.function("hello") { |req| "hello" }
Cloud.function("slow") { |req| Deferred.delay(60) }
RUBY

# { 'name{labels}' => value }
sub metrics {
	my $r = $d->http(GET => '/metrics');
	return { $r->{body} =~ /^([a-z]\S*) (\S+)$/gm };
}
my $m = metrics();
is $m->{'deferd_link_batch_tasks_count{direction="down"}'}, 0, 'no task yet';
is $d->call('hello')->{status}, 200, 'a call' for 1 .. 20;
$d->call('hello', undef, execution => 'async') for 1 .. 20;
wait_for { ($m = metrics())->{'deferd_link_batch_tasks_sum{direction="up"}'} == 40 } 'all results are counted';
is $m->{'deferd_link_batch_tasks_sum{direction="down"}'}, 40, '... and all tasks';
is $m->{'deferd_link_batch_tasks_bucket{direction="down",le="+Inf"}'},
	$m->{'deferd_link_batch_tasks_count{direction="down"}'}, '... in messages';
cmp_ok $m->{'deferd_link_batches_total{direction="down"}'}, '>=',
	$m->{'deferd_link_batch_tasks_count{direction="down"}'}, '... among others';
cmp_ok $m->{'deferd_loop_lag_seconds_count'}, '>', 0, 'the lag of the loop is measured';
cmp_ok $m->{'deferd_leased_max'}, '>', 0, 'the most that ran at once';

# The loop stands still: the timer that was set comes late. It is set only while there is traffic,
# so a loop that rests already when the signal comes shows nothing.
wait_for {
	$d->call('hello');
	kill STOP => $d->pid;
	select undef, undef, undef, 0.05 for 1 .. 4;
	kill CONT => $d->pid;
	(metrics()->{'deferd_loop_lag_seconds_sum'} // 0) > 0.15;
} 'a loop that stood still', 20;
pass 'a loop that stood still shows';

# At rest nothing wakes it: only traffic sets the timer.
my $count = metrics()->{'deferd_loop_lag_seconds_count'};
select undef, undef, undef, 0.05 for 1 .. 6;
cmp_ok metrics()->{'deferd_loop_lag_seconds_count'}, '<=', $count + 3, 'a loop at rest is left alone';

$d->call('slow', undef, execution => 'async') for 1 .. 3;
wait_for { metrics()->{'deferd_pool_full_total'} } 'no slot was free';
cmp_ok metrics()->{'deferd_queued_max'}, '>=', 1, 'the most that waited at once';
my ($busy) = grep { $_->{task_id} } $d->workers;
$d->ctl('kill', $busy->{task_id});
my @causes = (['deferd_workers_killed_total{cause="asked"}', 'killed by an operator'],
	['deferd_workers_died_total{cause="killed"}', 'died of it']);
for (@causes) {
	my ($name, $what) = @$_;
	wait_for { metrics()->{$name} == 1 } $what;
	is metrics()->{$name}, 1, $what;
}
kill KILL => (grep { $_->{pid} && $_->{pid} != $busy->{pid} } $d->workers)[0]{pid};
wait_for { metrics()->{'deferd_workers_died_total{cause="signal"}'} == 1 } 'killed from outside';
pass 'killed from outside';
$d->ctl('cancel', $_->{id}) for
	grep { $_->{state} ne 'cancelled' } @{ $d->ctl(qw(show tasks name slow))->{tasks} };
wait_for { 2 == grep { $_->{state} eq 'ready' && !$_->{task_id} } $d->workers } 'two idle workers';
$d->ctl(qw(recycle all));
cmp_ok metrics()->{'deferd_workers_retired_total{cause="asked"}'}, '==', 2, 'recycled';
is $d->ctl(qw(show info))->{workers_retired}, 2, 'deferctl shows the sum';

# --- the format, and the page ---
my $text = $d->http(GET => '/metrics')->{body};
like $text, qr/\n# EOF\n\z/, 'it has its end';
my (%type, @loose);
for (split /\n/, $text) {
	if (/^# TYPE (\S+) (counter|gauge|histogram)$/) {
		fail "$1: declared twice" if $type{$1};
		$type{$1} = $2;
	} elsif (/^(\w+?)(_total|_bucket|_count|_sum)?(?:\{[^{}]*\})? [\d.]+$/) {
		my ($name, $end) = ($1, $2 // '');
		my $kind = $type{$name} // $type{"$name$end"} // 'none';
		push @loose, $_ if $kind eq 'none' || ($kind eq 'counter') != ($end eq '_total')
			|| ($kind eq 'histogram') != ($end =~ /bucket|count|sum/);
	} elsif (!/^# (?:HELP|UNIT|EOF)/) {
		push @loose, $_;
	}
}
is_deeply \@loose, [], 'every line belongs to a type';
my %shown = map { $_ . ($type{$_} eq 'counter' ? '_total' : '') => 1 } keys %type;
my ($section) = slurp("$FindBin::Bin/../../man/deferd-http.7") =~ /^\.Sh METRICS\n(.*?)^\.Sh /ms;
my %said = map { $_ => 1 } map { split / , / } $section =~ /^\.It Li (deferd_.*)$/gm;
is_deeply [grep { !$said{$_} } sort keys %shown], [], 'deferd-http(7) has every metric';
is_deeply [grep { !$shown{$_} } sort keys %said], [], '... and no other';
$d->stop_ok;
done_testing;
