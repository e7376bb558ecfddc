#!/usr/bin/perl
# show obituaries, show obituary, and their files: how a worker died, and what it did.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use JSON::PP ();
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.event("hog", timeout: 60) { |req| Cloud.log.info("about to hog"); Deferred.delay(0.01).await; loop { } }
Cloud.event("slow") { |req| Deferred.delay(60).await }
RUBY
	config => {
		dossiers => { path => '{dir}', count => 2 },
		workers => { concurrent => 2, heartbeat => { interval => 0.2, timeout => 0.5 } },
	});

sub submit { return $d->call($_[0], undef, kind => 'event', execution => 'async')->{json}{id} }
sub obituaries { return @{ $d->ctl(qw(show obituaries))->{obituaries} } }
sub files { return sort glob $d->dir . '/dossier-*.json' }

is $d->deferctl(qw(show obituaries))->{out}, "no worker has died\n", 'nobody has died';
is $d->deferctl(qw(show obituary 1))->{status}, 1, 'no such obituary';

# --- killed by deferd ---
$d->call('hog', undef, kind => 'event');
wait_for { obituaries() >= 1 } 'the hog is killed';
my ($hog) = map { $_->{id} } @{ $d->ctl(qw(show tasks name hog))->{tasks} };
my ($o) = obituaries();
is $o->{handler}, 'hog', 'the handler';
is $o->{signal}, 9, 'the signal';
is $o->{killed_by}, 'deferd: a burst was too long', 'who killed it';
cmp_ok $o->{burst_ms}, '>=', 500, 'how long it had run';
my $one = $d->ctl('show', 'obituary', $o->{worker})->{obituary};
is $one->{task}, $hog, 'the task';
is $one->{attempt}, 1, 'the attempt';
is_deeply $one->{log}, ['info: about to hog'], 'its last log lines';
cmp_ok $one->{user_ms} + $one->{system_ms}, '>', 20, 'the cpu time';
like $d->deferctl('show', 'obituary', $o->{worker})->{out}, qr/^last log lines +info: about to hog$/m, 'as text';

# --- killed by others ---
wait_for { grep({ $_->{state} eq 'ready' && !$_->{task_id} } $d->workers) >= 1 } 'an idle worker';
my ($idle) = grep { $_->{state} eq 'ready' && !$_->{task_id} } $d->workers;
kill 'ABRT', $idle->{pid}; # a sanitizer would take a SEGV for its own
wait_for { grep { $_->{worker} == $idle->{worker} } obituaries() } 'a crash';
($o) = grep { $_->{worker} == $idle->{worker} } obituaries();
is $o->{signal}, 6, 'crash: the signal';
is $o->{handler}, undef, 'crash: it ran nothing';
like $o->{killed_by}, qr/^nobody/, 'crash: nobody killed it';

my $slow = submit('slow');
wait_for { $d->ctl('show', 'task', $slow)->{task}{state} eq 'leased' } 'a task runs';
my $victim = $d->ctl('show', 'task', $slow)->{task}{worker};
$d->ctl('kill', $slow);
wait_for { grep { $_->{worker} == $victim } obituaries() } 'the operator killed one';
($o) = grep { $_->{worker} == $victim } obituaries();
is $o->{killed_by}, 'an operator', 'killed by an operator';
is $o->{handler}, 'slow', 'and what it had';

# --- the files ---
wait_for { my @f = files(); @f == 2 } 'no more files than dossiers.count';
my ($file) = grep { /-$victim\.json$/ } files();
ok $file, 'the newest is among them';
open my $f, '<', $file or die "$file: $!";
my $json = JSON::PP::decode_json(do { local $/; <$f> });
is $json->{worker}, $victim, 'it is JSON';
is $json->{task}, $slow, 'and says the same';

# --- a dismissed worker has none ---
my $n = obituaries();
$d->ctl(qw(recycle all));
is scalar(obituaries()), $n, 'recycled workers are no dead ones';
$d->stop_ok;
done_testing;
