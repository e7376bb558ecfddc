#!/usr/bin/perl
# A table of what ends the whole process of other servers, or stalls it: each with a
# bystander in flight in the same worker and others in another one. No bystander gets an
# error, no worker ends that need not, the culprit's caller gets the right error, nothing
# stalls.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;
use Time::HiRes qw(time);

my $WAIT = 0.12; # what a bystander takes
my $deep = qr/^stack level too deep/;

# What the culprit's caller gets: the result, or [status, code, message]. gone: its worker
# ends. unhandled: a rejection is logged and counted.
my @table = (
	['late rejection' => 'ok', unhandled => 1],
	['late rejection, async' => 'ok', unhandled => 1],
	['late rejection, not detached' => 'ok', unhandled => 1],
	['raise in a timer block' => [422, 'handler_error', qr/^in a block$/]],
	['raise in a callback' => undef, unhandled => 1],
	['raise in a finally' => [422, 'handler_error', qr/^in a finally$/]],
	['raise in a new' => [422, 'handler_error', qr/^in a new$/]],
	['an object' => [422, 'bad_result', qr/^result: an object of class Unsaved cannot be encoded/]],
	['an object inside' => [422, 'bad_result', qr/^result\.items\[1\]\.owner: an object of class Unsaved/]],
	['a cycle' => [422, 'bad_result', qr/^result\.a\[0\]\.list: contains itself: it is result\.a$/]],
	['a long cycle' => [422, 'bad_result', qr/^result(\[0\]){22}: contains itself: it is result$/]],
	['too deep' => [422, 'bad_result', qr/^result(\[0\]){32}: nested deeper than 32 levels$/]],
	['not UTF-8' => [422, 'bad_result', qr/^result\.text: a String that is not UTF-8 \(at byte 0\)/]],
	['NaN' => [422, 'bad_result', qr/^result\[0\]: NaN cannot be encoded$/]],
	['a Deferred inside' => [422, 'bad_result', qr/^result\[0\]: a Deferred cannot be encoded: await it/]],
	['a lambda' => [422, 'bad_result', qr/^result: an object of class Proc cannot be encoded/]],
	['too large' => [422, 'bad_result', qr/^result: larger than the limit of 1048576 bytes$/]],
	['resolve twice' => 1],
	['resolve, then reject' => 1],
	['resolve, then raise' => 1],
	['busy for a while' => 'ok'],
	['busy without end' => [504, 'timeout', qr/did not finish in its time/], gone => 1],
	['never settles' => [504, 'timeout', qr/did not finish in its time/]],
	['awaits for ever' => [504, 'timeout', qr/did not finish in its time/]],
	['resolved with itself' => [422, 'handler_error', qr/^a deferred cannot be resolved with itself$/]],
	['exit' => [422, 'handler_error', qr/^undefined method 'exit'/]],
	['abort' => [422, 'handler_error', qr/^undefined method 'abort'/]],
	['Process.kill' => [422, 'handler_error', qr/^Process does not exist in handlers/]],
	['SystemExit' => [422, 'handler_error', qr/^uninitialized constant SystemExit/]],
	['SystemExit later' => [422, 'handler_error', qr/^uninitialized constant SystemExit/]],
	['throw' => [422, 'handler_error', qr/^undefined method 'throw'/]],
	['Exception later' => [422, 'handler_error', qr/^at the root$/]],
	['Fiber.yield later' => [422, 'handler_error', qr/^Fiber\.yield in a handler's own fiber/]],
	['no more puts' => [422, 'handler_error', qr/^undefined method 'puts'/]],
	['message raises' => [422, 'handler_error', qr/message cannot be told/]],
	['message is no text' => [422, 'handler_error', qr/^#<RuntimeError/]],
	['to_s raises' => [422, 'handler_error', qr/^no to_s$/]],
	['a broken then' => [422, 'handler_error|bad_result', qr/then|cannot be encoded/]],
	(map { [$_ => [422, 'handler_error', $deep]] } 'recursion', 'method_missing', 'inspect', 'compare',
		'hash', 'hash of hashes', 'flatten', 'p nested'),
	['nested JSON' => [422, 'handler_error', qr/^JSON\.parse: nested deeper than 32 levels/]],
	['eval' => [422, 'handler_error', qr/memory exhausted/]],
	['deep cloud call' => [422, 'handler_error', qr/nested deeper than 16 levels$/]],
	['big string' => [422, 'handler_error', qr/^the worker's memory limit was reached$/], gone => 1],
);

sub bystander {
	my ($d, $i) = @_;
	return run($d, 'wait', { for => $WAIT, value => "calm $i" });
}

# One in the culprit's worker, two in the other one.
sub bystanders {
	my ($d) = @_;
	my @calls = map { bystander($d, $_) } 1 .. 3;
	until_true('the bystanders', sub {
		my @leases = sort map { $_->{leases} } $d->workers;
		return "@leases" eq '1 2';
	});
	return @calls;
}

sub outcome {
	my ($r) = @_;
	my $e = $r->{json}{error};
	return $e ? [$r->{status}, $e->{code}, $e->{message}] : $r->{json}{result};
}

sub is_outcome {
	my ($got, $want, $name) = @_;
	return is_deeply($got, $want, $name) if ref $want ne 'ARRAY';
	my $fits = ref $got eq 'ARRAY' && $got->[0] == $want->[0] && $got->[1] =~ /^(?:$want->[1])$/
		&& $got->[2] =~ $want->[2];
	return ok($fits, $name) || diag explain $got;
}

sub ready_pids {
	my ($d) = @_;
	return until_true('two ready workers', sub {
		my @ready = grep { $_->{state} eq 'ready' } $d->workers;
		return @ready == 2 && [sort map { $_->{pid} } @ready];
	});
}

sub play {
	my ($d, $kind, $want, %o) = @_;
	my $pids = ready_pids($d);
	my $unhandled = metric($d, 'deferd_unhandled_rejections_total');
	my @calm = bystanders($d);
	my $r = run($d, 'harm', { kind => $kind }, timeout => 0.2 + 0.3 * ($kind =~ /busy for|nested|deep|inspect|hash|compare|flatten|eval/))
		->answer(10);
	is_outcome(outcome($r), $want, "$kind: the caller is told what is right");
	cmp_ok $r->{took}, '<', 3, "$kind: ... without a stall";
	my @answers = map { $_->answer(10) } @calm;
	is_deeply [map { $_->{json}{result} } @answers], [map { "calm $_" } 1 .. 3],
		"$kind: no bystander gets an error";
	cmp_ok((sort { $b <=> $a } map { $_->{took} } @answers)[0], '<', $o{gone} ? 4 : 2,
		"$kind: ... or waits long");
	my $now = ready_pids($d);
	my %before = map { $_ => 1 } @$pids;
	is scalar(grep { !$before{$_} } @$now), $o{gone} // 0,
		$o{gone} ? "$kind: its worker is replaced" : "$kind: no worker ends";
	return if !$o{unhandled};
	my $counted = eval { until_true('the count', sub {
		return metric($d, 'deferd_unhandled_rejections_total') > $unhandled;
	}, 3) };
	ok $counted, "$kind: the rejection is counted";
	return;
}

my $d = start(workers => { concurrent => 2, slots => 2, maxMemory => '64M', killGrace => '200ms',
	heartbeat => { interval => '100ms', timeout => '5s' } }, limits => { result => '1M' });
my @kinds = @{ run($d, 'harms')->answer->{json}{result} };
is_deeply [sort map { $_->[0] } @table], [sort @kinds], 'every kind of harm is in the table';
play($d, @$_) for @table;

# SIGTERM in flight: what runs is finished, and answered.
my @calls = map { bystander($d, $_) } 1 .. 3;
until_true('the calls', sub { my $n = 0; $n += $_->{leases} for $d->workers; return $n == 3 });
is $d->stop, 0, 'SIGTERM in flight: it ends as asked';
is_deeply [map { $_->answer(5)->{json}{result} } @calls], ['calm 1', 'calm 2', 'calm 3'],
	'... and every caller has its answer';
is_deeply [$d->leftovers], [], '... nothing is left';

done_testing;
