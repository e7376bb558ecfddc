#!/usr/bin/perl
# w5-wait.t: GET tasks/ID?wait=: answered when the task has ended, or the time is over.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Http;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(
	config => { workers => { concurrent => 2, slots => 8 } },
	handlers => <<'END');
Cloud.job("slow") { |req| Deferred.delay(req.params["s"], "slow") }
Cloud.job("fails", retries: 0) { |req| Deferred.delay(0.2).then { raise "no" } }
Cloud.job("again") { |req| Deferred.delay(0.1).await; raise Cloud::Retry.new("not yet", after: 0.1) if req.attempt == 1; req.attempt }
END

sub id { return $d->native(POST => '/tasks', { name => $_[0], params => { s => $_[1] } })->{json}{id} }
sub get {
	my ($id, $wait) = @_;
	my $began = time;
	my $r = $d->native(GET => "/tasks/$id?wait=$wait");
	return ($r, time - $began);
}

my $id = id('slow', 0.4);
my ($r, $took) = get($id, 30);
is_deeply [$r->{status}, @{ $r->{json} }{qw(state result)}], [200, 'done', 'slow'], 'answered when it has ended';
cmp_ok $took, '<', 10, 'and not after the wait';
($r, $took) = get($id, 30);
is $r->{json}{state}, 'done', 'when it had ended: at once';
cmp_ok $took, '<', 10, 'indeed';
($r) = get(id('fails'), 30);
is_deeply [$r->{json}{state}, $r->{json}{error}{message}], ['failed', 'no'], 'a failure ends it, too';
($r) = get(id('again'), 30);
is_deeply [@{ $r->{json} }{qw(state result)}], ['done', 2], 'an attempt that is followed by another does not';

my $long = id('slow', 60);
($r, $took) = get($long, 1);
is $r->{json}{state}, 'leased', 'after the wait: what it is then';
cmp_ok $took, '>=', 0.95, 'not before';
is +(get($long, 0))[0]{json}{state}, 'leased', 'wait=0: at once';
is +(get($long, $_))[0]{status}, 400, "wait=$_ is refused" for 61, -1, 'x', '1.5';
is $d->native(GET => '/tasks/0193c1f2-0000-7000-8000-000000000001?wait=30')->{status}, 404, 'no such task: at once';

# --- many for one; who leaves ---
$id = id('slow', 0.5);
my @all = Http::many($d->url, 20, map { [GET => "/v1/apps/demo/tasks/$id?wait=30", undef,
	Authorization => 'Bearer ' . $d->key('master')] } 1 .. 20);
is scalar(grep { $_->{status} == 200 && $_->{json}{state} eq 'done' } @all), 20, 'twenty wait for one task';
sub leaves { return ($d->http(GET => '/metrics')->{body} =~ /^deferd_http_disconnects_total (\d+)/m)[0] // 0 }
sub waits {
	my ($host) = $d->url =~ m{//(.*)};
	my $s = IO::Socket::INET->new($host) or die;
	print $s "GET /v1/apps/demo/tasks/$_[0]?wait=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " . $d->key('master') . "\r\n\r\n";
	return $s;
}
my $before = leaves();
close waits($long);
wait_for { leaves() == $before + 1 } 'the client that left is noticed', 5;
is +(get($long, 0))[0]{json}{state}, 'leased', 'the task goes on';
my $s = waits($long);
$d->native(DELETE => "/tasks/$long");
is join('', <$s> // '') =~ s/\r\n//r, 'HTTP/1.1 200 OK', 'a cancelled task is told of';
close $s;

# --- deferd stops ---
$s = waits(id('slow', 0.8));
$d->native(GET => '/tasks');
$d->signal('TERM');
like <$s> // '', qr/^HTTP.1.1 200/, 'answered when deferd stops';
$d->stop_ok;
done_testing;
