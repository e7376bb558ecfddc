#!/usr/bin/perl
# w3-many.t: many requests of handlers at once, and requests that nobody waits for any more.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(slurp wait_for);
use Stub;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'node is not installed' unless Stub->can_run;
my $stub = Stub->start;
my $url = $stub->url;
my $handlers = <<'END';
Cloud.function("get") { |req| HTTP.get(req.params["url"]).await.status }
Cloud.function("many") { |req| Deferred.all((1..req.params["n"]).map { HTTP.get(req.params["url"]) }).await.map { |r| r.status }.uniq }
Cloud.function("late") do |req|
  a = HTTP.get(req.params["url"], timeout: 5)
  list = (1..3).map { HTTP.get(req.params["url"], timeout: 0.05) }
  Deferred.all_settled(list).await.map { |o| o["reason"].message }
end
Cloud.function("race") { |req| Deferred.race([HTTP.get(req.params["url"]), Deferred.delay(0.1, "first")]) }
Cloud.function("lost") do |req|
  HTTP.get(req.params["url"])
  "done"
end
Cloud.function("apart") do |req|
  HTTP.get(req.params["url"]).detach
  "done"
end
Cloud.function("nobody") { HTTP.get("http://127.0.0.1:9/"); "done" }
Cloud.function("plain") { 1 }
END

sub app {
	my ($id, %http) = @_;
	return { id => $id, handlers => '{dir}/handlers', keys => { master => 'master-key' },
		http => { allow => '127.0.0.0/8', %http } };
}
sub params { return { url => "$url$_[0]", @_[1 .. $#_] } }
sub calls { my ($n, $name, $params) = @_; return map { [POST => '/v1/apps/demo/tasks', { kind => 'function',
	name => $name, execution => 'sync', params => $params }, Authorization => 'Bearer master-key'] } 1 .. $n }
my $d = Deferd->start(handlers => $handlers, config => {
	workers => { concurrent => 1, slots => 128 }, apps => [app('demo', concurrent => 40, perTask => 10)] });
sub worker { my ($w) = grep { $_->{pid} } $d->workers; return $w->{pid} }
sub mapped { return slurp("/proc/$_[0]/maps") =~ /libcurl/ ? 1 : 0 }

# --- at once, and one after the other ---
my $began = time;
my @r = Http::many($d->url, 100, calls(100, get => params('/slow?ms=200')));
is scalar(grep { ($_->{json}{result} // 0) == 200 } @r), 100, '100 requests from one worker';
cmp_ok time - $began, '<', 2, '... in three rounds';
is $stub->stats->{most}, 40, '... 40 at once: http.concurrent';
is_deeply $d->call(many => params('/echo', n => 300))->{json}{result}, [200], '300 of one task';
cmp_ok $stub->stats->{connections}, '<=', 40, '... all of them over 40 connections';
$stub = Stub->start;
$url = $stub->url;
is_deeply $d->call(many => params('/slow?ms=50', n => 30))->{json}{result}, [200], '30 of one task';
is $stub->stats->{most}, 10, '... 10 at once: http.perTask';
$stub = Stub->start;
$url = $stub->url;
is scalar(grep { $d->call(get => params('/echo'))->{json}{result} == 200 } 1 .. 20), 20, '20 tasks in turn';
is $stub->stats->{connections}, 1, '... over one connection';

# --- that nobody waits for ---
sub aborted { my ($n, $what) = @_; return ok wait_for { $stub->stats->{aborted} == $n } $what, 5 }
sub underway { my ($n) = @_; return wait_for { $stub->stats->{active} == $n } "$n under way", 5 }
my $id = $d->call(get => params('/never'), execution => 'async')->{json}{id};
underway(1);
$began = time;
is $d->native(DELETE => "/tasks/$id")->{status}, 202, 'a task is cancelled';
aborted(1, '... and its request with it');
cmp_ok time - $began, '<', 1, '... at once';
is $d->call(race => params('/never'))->{json}{result}, 'first', 'the loser of a race';
aborted(2, '... is cancelled');
$id = $d->call(many => params('/never', n => 30), execution => 'async')->{json}{id};
underway(10);
$d->native(DELETE => "/tasks/$id");
aborted(12, 'those that wait are cancelled, too');
is $d->call(get => params('/echo'))->{json}{result}, 200, '... none of them goes out';
is $stub->stats->{requests}, 20 + 1 + 1 + 10 + 1, '... indeed';
my $place = $stub->port;
$r[0] = $d->call(lost => params('/slow?ms=100&key=secret'));
is $r[0]{json}{result}, 'done', 'a request that is neither returned nor awaited';
$d->log_has(qr{warn: .* ended while GET 127\.0\.0\.1:$place/slow made at main\.rb:10 was pending});
is $stub->stats->{active}, 0, '... is waited for, and named without its query';
$began = time;
$d->call(apart => params('/slow?ms=300'));
cmp_ok time - $began, '<', 0.25, 'a detached one is not waited for';
wait_for { $stub->stats->{active} == 0 } 'it runs on', 5;
is $stub->stats->{aborted}, 12, '... and runs on to its end';
$d->call('nobody');
$d->log_has(qr{warn: .* rejection of the deferred made at main\.rb:17 .*HTTP::Error: GET http://127\.0\.0\.1:9/: no connection});
pass 'a rejection that nobody handles is logged with its line';

# --- the worker dies, drains ---
my @death = map { $d->client } 1 .. 2;
$_->write($_->text(@{ (calls(1, get => params('/slow?ms=300')))[0] })) for @death;
underway(2);
my $before = worker();
kill KILL => $before;
is $_->read(10)->{json}{result}, 200, 'its worker is killed: the task runs again' for @death;
isnt worker(), $before, '... in another one';
aborted(14, '... and no connection of the first is left');
$d->call(get => params('/slow?ms=300'), execution => 'async');
underway(1);
my $done = $stub->stats->{aborted};
$d->signal('TERM');
is $d->wait(10), 0, 'TERM while a request is under way';
is $stub->stats->{aborted}, $done, '... lets it finish';

# --- what it costs who does not ask ---
$d = Deferd->start(handlers => 'Cloud.function("plain") { 1 }', config => { workers => 1, apps => [app('demo')] });
$d->call('plain');
is mapped(worker()), 0, 'libcurl is not opened for handlers that do not name HTTP';
$d->stop_ok;
$d = Deferd->start(handlers => $handlers, config => { workers => 1, apps => [app('demo')] });
is mapped(worker()), 1, '... it is for those that do';
like slurp('/proc/' . worker() . '/status'), qr/^Threads:\s+(?:[1-9]|1\d)$/m, '... and starts no thread';
$d->stop_ok;
done_testing;
