#!/usr/bin/perl
# d3-nested.t: handlers call each other in the worker and lease of the task, so that a pool
# of one worker with one slot cannot deadlock on its own calls; they share its time, its
# caller and its context.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Http;
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("down") do |req|
  n = req.params["n"]
  Deferred.delay(0.001).await
  n == 0 ? "bottom" : Cloud.call("down", { "n" => n - 1 }).await
end
Cloud.function("fan") { |req| Deferred.all((1..20).map { |i| Cloud.call("down", { "n" => i % 5 }) }).then { |l| l.size } }
Cloud.function("ring") { |req| Events.dispatch("ring", { "n" => req.params["n"] }) }
Cloud.event("ring") { |req| Services.invoke("Ring", "ring", req.params).await }
class Ring < Cloud::Service
  def ring(req)
    n = req.params["n"]
    n == 0 ? [req.lane, req.master?, req.ip] : Cloud.call("ring", { "n" => n - 1 }).await
  end
end
Cloud.service "Ring", Ring
Cloud.function("stuck") { begin; Deferred.delay(60).await; ensure; puts "the inner one was told"; end }
Cloud.function("hopes") { Cloud.call("stuck").await }
Cloud.function("queues") { Cloud.enqueue("down", { "n" => 3 }).await }
RUBY
	config => { workers => { concurrent => 1, slots => 1 } });

sub request { return (POST => '/v1/apps/demo/tasks', { kind => 'function', execution => 'sync', @_ },
	Authorization => 'Bearer ' . $d->key('master')) }

my $r = $d->call(down => { n => 16 });
is $r->{json}{result}, 'bottom', '16 levels in the one slot that there is';
$r = $d->call(down => { n => 17 });
like $r->{json}{error}{message}, qr/nested deeper than 16 levels/, 'not 17';

my $began = time;
my @r = Http::many($d->url, 8, map { [request(name => $_ % 2 ? 'fan' : 'down', params => { n => 16 })] } 1 .. 40);
is scalar(grep { $_->{status} == 200 } @r), 40, '40 chains and fans at once: all end';
is_deeply [sort keys %{ { map { $_->{json}{result} => 1 } @r } }], [20, 'bottom'], '... with their results';
cmp_ok time - $began, '<', 10, '... soon';

is_deeply $d->call(ring => { n => 4 })->{json}{result}, ['main', JSON::PP::true, '127.0.0.1'],
	'functions, events and services in a ring; lane, master key and address are the task\'s';

$r = $d->call(hopes => {}, timeout => 0.3);
is $r->{status}, 504, 'the caller\'s remaining time bounds what it calls';
ok $d->log_has(qr/the inner one was told/, 3), '... whose ensure runs';
is $d->call('down', { n => 1 })->{json}{result}, 'bottom', '... and the slot is free';

my $id = $d->call('queues')->{json}{result};
wait_for { $d->ctl('show', 'task', $id)->{task}{state} eq 'done' } 'a task that a handler enqueued';
is scalar(grep { $_->{last_death} } $d->workers), 0, 'the worker is the first one';
$d->stop_ok;
done_testing;
