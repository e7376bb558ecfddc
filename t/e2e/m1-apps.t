#!/usr/bin/perl
# m1-apps.t: many apps, few workers: each is served at once, none is flooded out, each has
# its own keys, handlers and limits.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(spill wait_for);
use Test::More;
use Time::HiRes qw(time);

my $handlers = <<'END';
Cloud.function("hello") { |req| "Hello #{req.params["name"]}" }
Cloud.function("nap") { |req| Deferred.delay(req.params["s"] || 0.02, "slept") }
class Shop < Cloud::Service
  def price(req)
    42
  end
end
Cloud.service "Shop", Shop
END

sub median { my @s = sort { $a <=> $b } @_; return $s[$#s / 2] }
sub apps { return map { { id => "app$_", handlers => '{dir}/handlers', keys => {
	master => "master-key-$_", rest => "rest-key-$_" } } } 1 .. $_[0] }

# A request to app $n, with its key: (method, path, body, headers).
sub to {
	my ($n, $name, $execution, $params) = @_;
	return (POST => "/v1/apps/app$n/tasks", { kind => 'function', name => $name,
		execution => $execution // 'sync', params => $params // { name => $n } },
		Authorization => "Bearer master-key-$n");
}

# Calls apps $first to 12 in turn over one connection: the times in ms.
sub round_robin {
	my ($d, $calls, $first) = @_;
	my $c = $d->client;
	my (@took, @wrong);
	for (0 .. $calls - 1) {
		my $n = $first + $_ % (13 - $first);
		my $began = time;
		my $r = $c->request(to($n, 'hello'));
		push @took, (time - $began) * 1000;
		push @wrong, "$r->{status} $r->{body}" if ($r->{json}{result} // '') ne "Hello $n";
	}
	is "@wrong", '', "$calls calls of apps $first to 12 in turn all succeed";
	return @took;
}

# --- twelve apps on four workers ---
my $d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 4 }, apps => [apps(12)], defaultApp => 'app3' });
round_robin($d, 24, 1);
my $alone = median(round_robin($d, 360, 1));
diag sprintf 'a call of the next of 12 apps on 4 workers: p50 %.2f ms', $alone;
cmp_ok $alone, '<', 100, '... in a few milliseconds';
my %at_work = map { $_->{app} => 1 } grep { $_->{pid} } $d->workers;
is scalar(grep { $_->{pid} } $d->workers), 4, '... by four workers';
cmp_ok scalar(keys %at_work), '>', 1, '... of several apps: show workers names them';
my $text = $d->deferctl(qw(show workers))->{out};
like $text, qr/\b$_\b/, "... $_ in text" for sort keys %at_work;

# --- one of them floods ---
my $c = $d->client;
is $c->request(to(1, 'nap', 'async'))->{status}, 202, 'a flood of one app' for 1 .. 3;
$c->request(to(1, 'nap', 'async')) for 1 .. 400;
my $flooded = median(round_robin($d, 220, 2));
diag sprintf 'the same beside a flood of one of them: p50 %.2f ms', $flooded;
cmp_ok $flooded, '<', 100, '... does not keep the others out';
my ($main) = grep { $_->{lane} eq 'main' } @{ $d->ctl(qw(show lanes))->{lanes} };
cmp_ok $main->{queued}, '>', 0, '... and was one all the time';

$d->signal('INT');
is $d->wait, 0, '... which INT ends at once';

# --- every worker busy, all with one app: another gets the first that is free ---
$d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 2 }, apps => [apps(2)] });
$c = $d->client;
wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'two workers';
$c->request(to(1, 'nap', 'async', { s => 0.1 })) for 1 .. 40;
kill KILL => map { $_->{pid} } grep { $_->{app} eq 'app2' } $d->workers;
wait_for { 2 == grep { $_->{app} eq 'app1' && $_->{leases} } $d->workers } 'app1 everywhere';
my $r = $d->http(to(2, 'hello'));
is $r->{json}{result}, 'Hello 2', 'an app without a worker, all others busy';
cmp_ok $r->{took}, '<', 1, '... gets the first that is free';
is $d->ctl(qw(show info))->{workers_killed}, 0, '... nothing that ran was ended for it';
$d->stop;

# --- one worker for two apps that always have work ---
$d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 1 }, apps => [apps(2)] });
$c = $d->client;
for my $app (1, 2) {
	$c->request(to($app, 'nap', 'async')) for 1 .. 40;
}
my (%served, %readyz);
for (my $end = time + 10; time < $end && 2 > grep { $_ > 3 } values %served;) {
	$readyz{ $d->http(GET => '/readyz')->{status} } = 1;
	$_->{tasks_done} and $served{ $_->{app} }++ for grep { $_->{pid} } $d->workers;
}
is scalar(grep { $_ > 3 } values %served), 2, 'two apps take turns with one worker';
is join(' ', sort keys %readyz), 200, '... and deferd is ready all the time';
$d->signal('INT');
$d->wait;

# --- reloads, while workers change hands all the time ---
$d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 4 }, apps => [apps(12)] });
my @answers;
for (1 .. 4) {
	$d->signal('HUP');
	push @answers, Http::many($d->url, 12, map { [to(1 + $_ % 12, 'hello')] } 1 .. 120);
}
is scalar(grep { $_->{status} != 200 } @answers), 0, 'reloads of twelve apps lose no call';
$d->log_has(qr/ info: reloaded: /);
unlike $d->log, qr/ (?:error|warn): /, '... and nothing is amiss';
$d->stop_ok;

# --- its own limit ---
my @limited = apps(2);
$limited[0]{concurrent} = 2;
$d = Deferd->start(handlers => $handlers,
	config => { workers => { concurrent => 3, slots => 4 }, apps => \@limited });
$c = $d->client;
$c->request(to(1, 'nap', 'async', { s => 0.05 })) for 1 .. 30;
my ($most, $left) = (0, 1);
while ($left) {
	my $leases = 0;
	$leases += $_->{leases} for grep { $_->{app} && $_->{app} eq 'app1' } $d->workers;
	$most = $leases if $leases > $most;
	my $info = $d->ctl(qw(show info));
	$left = $info->{queued} + $info->{leased};
}
is $most, 2, 'apps[].concurrent: two of app1 at once, though twelve slots are there';
is $d->http(to(2, 'hello'))->{status}, 200, '... the other app has no such limit';

# --- keys are an app's own; no app's handlers are another's ---
$r = $d->http(POST => '/v1/apps/app1/tasks', { kind => 'function', name => 'hello' },
	Authorization => 'Bearer master-key-2');
is $r->{status}, 403, 'another app\'s key: 403';
is $d->http(POST => '/app1/rest-key-1/services/Shop/price', {})->{body}, '42', 'its own: fine';
is $d->http(POST => '/app1/rest-key-2/services/Shop/price', {})->{status}, 403, 'Backendless: 403';
$d->stop;

# --- /api/... is the default app's ---
$d = Deferd->prepare(config => { workers => 2, defaultApp => 'two', apps => [
	map { { id => $_, handlers => "{dir}/$_", keys => { rest => "rest-$_-key" } } } qw(one two)] });
for (qw(one two)) {
	mkdir $d->dir . "/$_";
	spill($d->dir . "/$_/a.rb", $handlers =~ s/42/"$_"/r);
}
$d->launch->wait_ready;
for my $app (qw(one two)) {
	is $d->http(POST => "/$app/rest-$app-key/services/Shop/price", {})->{json}, $app,
		"/$app/... is app $app";
}
is $d->http(POST => '/api/services/Shop/price', {})->{json}, 'two', '/api/... is the default app';
$d->stop;

# --- one app that does not load ends the start, and is named ---
spill($d->dir . '/one/b.rb', "Cloud.function(\"x\") {\n  nonsense((\n}\n");
$r = $d->check('-t');
is $r->{status}, 78, 'one of two apps does not load: 78';
like $r->{err}, qr{^one: \S*b\.rb:\d+: .*syntax}mi, '... with app, file and line';
unlike $r->{err}, qr/^two: /m, '... nothing about the other';
$r = $d->check('-F');
is $r->{status}, 78, '... and so does a start';
like $r->{err}, qr{ error: app one: \S*b\.rb:\d+: }m, '... which names it, too';

# --- ids that URLs need ---
for my $id (qw(v1 parse api healthz readyz metrics ui)) {
	$r = Deferd->prepare(config => { apps => [{ id => $id, handlers => '{dir}/handlers' }] })
		->check('-t');
	like $r->{err}, qr/apps\[0\]\.id: "$id" is reserved/, "an app \"$id\" is refused";
}
done_testing;
