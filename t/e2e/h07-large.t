#!/usr/bin/perl
# Large calls: none is lost on its way to the worker, in it, or on its way to the client.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(config => { workers => { concurrent => 2, slots => 8, maxMemory => '64M' } }, handlers => <<'RUBY');
Cloud.function("echo") { |req| req.params["text"] }
Cloud.function("later") { |req| Deferred.delay(req.params["after"], "x" * req.params["size"]) }
Cloud.function("size") { |req| req.params["text"].size }
RUBY
my $megabyte = 'x' x 1_000_000;

# It is held several times on its way.
is $d->call('echo', { text => $megabyte x 4 }, timeout => 10)->{json}{result}, $megabyte x 4, '4 MB and back';
is $d->call('size', { text => $megabyte x 12 }, timeout => 10)->{json}{result}, 12_000_000, '12 MB there';
my ($good, $longest) = (0, 0);
for (1 .. 12) {
	my $began = time;
	my $r = $d->call('echo', { text => $megabyte }, timeout => 5);
	$good++ if $r->{status} == 200 && $r->{json}{result} eq $megabyte;
	$longest = time - $began if time - $began > $longest;
}
is $good, 12, sprintf '12 times 1 MB and back, the longest in %.0f ms', $longest * 1000;

# A client is watched once its call has taken a while: that must not hold its answer back.
my $client = $d->client;
for my $size (100, 20_000, 2_000_000) {
	my $r = $client->request(POST => '/v1/apps/demo/tasks', { kind => 'function', name => 'later',
		execution => 'sync', params => { after => 0.15, size => $size } }, Authorization => 'Bearer ' . $d->key('master'));
	is length($r->{json}{result} // ''), $size, "an answer of $size bytes after a while";
}

# What is pipelined meanwhile is answered after it.
my @two = map { $client->text(POST => '/v1/apps/demo/tasks', { kind => 'function', name => 'later', execution => 'sync',
	params => { after => $_, size => 30_000 } }, Authorization => 'Bearer ' . $d->key('master')) } 0.4, 0;
$client->write(join '', @two);
is length($client->read(5)->{json}{result}), 30_000, 'two at once: the first';
is length($client->read(5)->{json}{result}), 30_000, 'two at once: the second';

unlike $d->log, qr/ error: |memory/, 'and nothing to complain of';
$d->stop_ok;
done_testing;
