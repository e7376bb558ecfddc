#!/usr/bin/perl
# slowdisk.t [seconds]: durable accepts a second over 64 connections while each sync takes
# 0 to 100 ms (200) longer, against what one client gets that waits for each; and whether the
# loop ever waits for the disk. Short: 1 s each of 0 and 200 ms, with bounds that a busy
# machine keeps; with seconds, all of them, and the aims: 50 times from 10 ms on, 5 ms.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(build);
use Disk;
use Fault qw(fetch);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

my $long = shift;
my $seconds = $long // 1;
my $slow = $ENV{DEFERD_SLOW} // 1;
my ($times, $lag_ms) = $long ? (50, 5) : (12 / $slow, 100 * $slow);
my $disk = Disk->new;
# In memory: a sync takes what it is told to, and nothing else.
my $memory = tempdir('deferd-slow-XXXXXX', DIR => -w '/dev/shm' ? '/dev/shm' : '/tmp', CLEANUP => 1);

# The lag's buckets: upper bound => how many at most that.
sub lag {
	my ($d) = @_;
	my $text = fetch($d, '/metrics')->{body};
	return { $text =~ /^deferd_loop_lag_seconds_bucket\{le="([^"]+)"\} (\d+)/mg };
}

# The bound below which 99 of 100 of the newer ones lie, in ms.
sub lag_p99_ms {
	my ($before, $after) = @_;
	my %n = map { $_ => $after->{$_} - ($before->{$_} // 0) } keys %$after;
	for my $bound (sort { $a <=> $b } grep { $_ ne '+Inf' } keys %n) {
		return $bound * 1000 if $n{$bound} >= 0.99 * $n{'+Inf'};
	}
	return 9**9**9;
}

sub rate {
	my ($d, $file, $conns) = @_;
	my ($port) = $d->url =~ /:(\d+)$/;
	my $r = JSON::PP::decode_json(scalar qx(${\ build() }/t/bench/load $port 0 $seconds $file $conns));
	die "load: $r->{bad} bad, $r->{dropped} dropped\n" if $r->{bad} || $r->{dropped} || !$r->{done};
	return $r->{done} / $seconds;
}

for my $ms ($long ? (0, 1, 5, 10, 100) : (0, 200)) {
	$disk->fine;
	my $d = Deferd->start(env => $disk->env,
		config => { store => { engine => 'sqlite', path => "$memory/$ms" }, workers => { concurrent => 1 },
			log => { level => 'warn' }, queue => { tasks => 1_000_000 } },
		handlers => 'Cloud.function("hello") { |req| 1 }; Cloud.job("block") { |req| Deferred.delay(100) }');
	my $file = $d->dir . '/request';
	my $body = '{"name":"hello","execution":"async"}';
	open my $f, '>', $file or die $!;
	print $f "POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		. "Authorization: Bearer master-key\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	close $f;
	# The only worker is busy: what is measured is accepting.
	is $d->native(POST => '/tasks', { name => 'block' })->{status}, 202, "$ms ms: a task in the way";
	$disk->slow($ms);
	my $serial = rate($d, $file, 1);
	my $before = lag($d);
	my $many = rate($d, $file, 64);
	my $p99 = lag_p99_ms($before, lag($d));
	note sprintf '%3d ms: 1 connection %.0f/s, 64 connections %.0f/s (%.1f times), loop lag p99 < %.2f ms',
		$ms, $serial, $many, $many / $serial, $p99;
	cmp_ok $p99, '<=', $lag_ms, "$ms ms: the loop never waits for the disk";
	cmp_ok $many, '>', $times * $serial, "$ms ms: clients share a commit" if $ms >= 10;
	$disk->fine;
	$d->signal('KILL'); # what is queued would wait for its worker
	$d->wait;
}
done_testing;
