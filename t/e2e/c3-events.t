#!/usr/bin/perl
# The stream of events of a real daemon: no gap, and it tells what happened.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Ctl;
use Deferd qw(wait_for);
use JSON::PP;
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("hello") { |req| "Hello" }
Cloud.function("broken") { |req| raise "it is broken" }
Cloud.event("die", timeout: 60, burst: 60) { |req| loop { } }
RUBY
	config => { workers => { concurrent => 2 } });

my $stream = Ctl->new($d->socket);
$stream->send_words('subscribe', 'events');
my @events;
sub take_until {
	my ($name, $test) = @_;
	return wait_for {
		$stream->pump(0.05);
		while (my ($code, $body) = $stream->take) {
			is $code, 200, 'a frame' if $code != 200;
			push @events, decode_json($body);
		}
		my ($hit) = grep { $_->{event} eq $name && (!$test || $test->($_)) } @events;
		$hit;
	} "the event $name";
}

my $first = take_until('subscribe');
is $first->{seq}, $events[0]{seq}, 'the first event is the subscription itself';
like $first->{at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'at';

$d->call('hello') for 1 .. 20;
$d->call('broken');
my $end = take_until(end => sub { $_[0]{handler} eq 'broken' });
is $end->{state}, 'failed', 'end: state';
is $end->{fault}, 'handler_error', 'end: fault';
my ($accept) = grep { $_->{event} eq 'accept' && $_->{task} eq $end->{task} } @events;
is $accept->{execution}, 'sync', 'accept: execution';
my ($lease) = grep { $_->{event} eq 'lease' && $_->{task} eq $end->{task} } @events;
is_deeply [sort keys %$lease], [sort qw(schema seq at event task app handler lane worker seat attempt leasable_main
	leased_low leased wait_ms)], 'lease: its members';
is "@$lease{qw(app handler lane attempt leasable_main leased_low leased)}", 'demo broken main 1 1 0 1', 'lease: values';
is scalar(grep { $_->{event} eq 'end' && $_->{state} eq 'done' } @events), 20, 'an end for each';

# A worker's death tells itself, and so does the next one's birth.
my $id = $d->call('die', undef, kind => 'event', execution => 'async')->{json}{id};
take_until(lease => sub { $_[0]{task} eq $id });
$d->ctl('kill', $id);
my $death = take_until('death');
ok $death->{text}, 'death: the obituary';
my $spawn = take_until('spawn');
cmp_ok $spawn->{worker}, '>', $death->{worker}, 'spawn: a new number';
take_until(ready => sub { $_[0]{worker} == $spawn->{worker} });
my @seq = map { $_->{seq} } @events;
is_deeply \@seq, [$seq[0] .. $seq[0] + $#seq], 'no gap, in order';

# --- deferctl ---
wait_for { $d->ctl(qw(show info))->{workers_ready} == 2 } 'both workers';
my $top = $d->deferctl(qw(top -1));
is $top->{status}, 0, 'top -1';
like $top->{out}, qr/^deferd \S+  pid \d+  running /, 'top: the head';
like $top->{out}, qr/^main \[.*\] +0\/2 /m, 'top: the lane main';
like $top->{out}, qr/^   1 \.\.$/m, 'top: two idle workers';
unlike $top->{out}, qr/\e/, 'top -1: no control codes';
is $d->deferctl(qw(top -1 extra))->{status}, 64, 'top: a word too many';
is $d->deferctl(qw(top -d 0))->{status}, 64, 'top: no time';

$d->signal('TERM');
take_until('stop');
pass 'stop';
$d->stop_ok;
done_testing;
