#!/usr/bin/perl
# deferctl's looking commands against a real daemon, as text and as JSON; what is wrong is
# refused with the right exit status.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for program);
use JSON::PP;
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("hello") { |req| "Hello" }
Cloud.function("broken") { |req| raise "it is broken" }
Cloud.event("slow") { |req| Deferred.delay(60) }
RUBY
	config => { workers => { concurrent => 3, lowPriorityThreshold => 0.5 } });

$d->call('hello') for 1 .. 3;
$d->call('broken');
my $slow = $d->call('slow', undef, kind => 'event', execution => 'async')->{json}{id};
wait_for { $d->ctl('show', 'task', $slow)->{task}{state} eq 'leased' } 'the slow one runs';
wait_for { $d->ctl(qw(show info))->{workers_ready} == 3 } 'all workers';

# --- as JSON ---
my $info = $d->ctl(qw(show info));
is $info->{schema}, 1, 'the schema';
is $info->{phase}, 'running', 'info: phase';
is $info->{pid}, $d->pid, 'info: pid';
is $info->{capacity}, 3, 'info: capacity';
is $info->{low_limit}, 1, 'info: low limit, floor(0.5 x 3)';
ok $info->{ready} && !$info->{durable}, 'info: ready, not durable';
is $info->{store_engine}, 'memory', 'info: store';
is $info->{apps}[0]{id}, 'demo', 'info: app';
is $info->{apps}[0]{handlers}, 3, 'info: handlers';
cmp_ok $info->{rss_bytes}, '>', 1e6, 'info: memory';
cmp_ok $info->{uptime_ms}, '>', 0, 'info: uptime';
is $info->{tasks_failed}, 1, 'info: failed';
is $info->{urls}[0], $d->url, 'info: url';

my %lane = map { $_->{lane} => $_ } @{ $d->ctl(qw(show lanes))->{lanes} };
is_deeply [sort keys %lane], [qw(low main)], 'lanes';
is $lane{main}{leased}, 1, 'lanes: leased';
is $lane{main}{done}, 3, 'lanes: done';
is $lane{low}{limit}, 1, 'lanes: limit';

my @workers = $d->workers;
is @workers, 3, 'a row for each seat';
my ($busy) = grep { $_->{task_name} } @workers;
is $busy->{task_name}, 'slow', 'workers: what it runs';
is $busy->{task_id}, $slow, 'workers: which';
ok kill(0, $busy->{pid}), 'workers: a pid that lives';
is scalar(grep { $_->{state} eq 'ready' } @workers), 3, 'workers: ready';

my $tasks = $d->ctl(qw(show tasks))->{tasks};
is @$tasks, 5, 'tasks';
is $tasks->[0]{id}, $slow, 'tasks: newest first';
is_deeply [map { $_->{name} } @{ $d->ctl(qw(show tasks state failed))->{tasks} }], ['broken'], 'tasks: by state';
is @{ $d->ctl(qw(show tasks name hello app demo lane main state done limit 2))->{tasks} }, 2, 'tasks: all filters';
ok $d->ctl(qw(show tasks limit 2))->{more}, 'tasks: more';

my ($failed) = grep { $_->{name} eq 'broken' } @$tasks;
my $one = $d->ctl('show', 'task', substr $failed->{id}, -12);
is $one->{task}{state}, 'failed', 'task: by the end of its id';
is $one->{error}{fault}, 'handler_error', 'task: fault';
is $one->{error}{message}, 'it is broken', 'task: message';
is $one->{error}{class}, 'RuntimeError', 'task: class';
ok scalar(grep { /main\.rb:2/ } @{ $one->{error}{backtrace} }), 'task: backtrace';

my %handler = map { $_->{name} => $_ } @{ $d->ctl(qw(show handlers))->{handlers} };
is $handler{hello}{done}, 3, 'handlers: done';
is $handler{broken}{failed}, 1, 'handlers: failed';
like $handler{hello}{place}, qr/main\.rb:1/, 'handlers: place';
cmp_ok $handler{hello}{run_max_ms}, '>', 0, 'handlers: time';

# --- every name is in the manual ---
open my $man, '<', "$FindBin::Bin/../../man/deferctl.8" or die "deferctl.8: $!";
my $manual = do { local $/; <$man> };
my %names;
sub collect {
	my ($v) = @_;
	if (ref $v eq 'HASH') { $names{$_} = 1, collect($v->{$_}) for keys %$v }
	collect($_) for ref $v eq 'ARRAY' ? @$v : ();
}
collect($_) for $info, { lanes => [values %lane] }, \@workers, $tasks, $one, $d->ctl('show', 'task', $slow),
    [values %handler];
is_deeply [grep { $manual !~ /(?<![a-z_])\Q$_\E(?![a-z_])/ } sort keys %names], [], 'deferctl(8) has every name';

# --- as text ---
for (['show info', qr/^phase +running$/m], ['show lanes', qr/^main +0 /m],
	['show workers', qr/main event slow /], ['show tasks', qr/handler_error$/m],
	["show task $failed->{id}", qr/^message +it is broken$/m],
	['show handlers', qr/^demo +function +hello +main\.rb:1 +3 +0 /m], ['sh w', qr/^seat +worker/],
	['help', qr/^show tasks \[state STATE\]/m], ['help kill', qr/kills? the worker/i])
{
	my ($words, $regex) = @$_;
	my $r = $d->deferctl(split ' ', $words);
	is $r->{status}, 0, "$words: status";
	like $r->{out}, $regex, "$words: text";
	is $r->{err}, '', "$words: nothing on the standard error";
}
my $json = $d->deferctl(qw(-j show lanes))->{out};
is decode_json($json)->{lanes}[0]{lane}, 'main', 'deferctl -j';

# --- refusals ---
for (['bogus', 64, qr/"bogus" is unknown; expected one of: show, trace, cancel/],
	['show', 64, qr/"show" is incomplete; expected one of: info/],
	['show tasks state odd', 64, qr/state is one of/],
	['show task 000000000000', 1, qr/no task "000000000000"/],
	['-j show task 000000000000', 1, qr/"code":404/],
	["cancel $failed->{id}", 1, qr/has ended already: it is failed/],
	["kill $failed->{id}", 1, qr/is failed, not running/])
{
	my ($words, $status, $regex) = @$_;
	my $r = $d->deferctl(split ' ', $words);
	is $r->{status}, $status, "$words: status";
	like $r->{err}, $regex, "$words: why";
	is $r->{out}, '', "$words: nothing on the standard output";
}
my $r = program('deferctl', { DEFERD_SOCKET => $d->socket }, qw(show lanes));
is $r->{status}, 0, 'the socket from the environment';
$r = program('deferctl');
is $r->{status}, 64, 'no command';
like $r->{err}, qr/^usage: deferctl/, 'no command: the usage';
$d->ctl('kill', $slow);
$d->stop_ok;
$r = $d->deferctl(qw(show info));
is $r->{status}, 69, 'no daemon';
like $r->{err}, qr/\Q$d->{socket}\E: there is no such socket/, 'no daemon: where it looked';
$r = $d->deferctl('help');
is $r->{status}, 0, 'help without a daemon';
like $r->{out}, qr/show tasks \[state STATE\]/, 'help without a daemon: the commands';
done_testing;
