#!/usr/bin/perl
# t1-trace.t: where the time of a task went: what is traced, and what deferctl trace tells.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use JSON::PP;
use Test::More;

my $d = Deferd->start(
	handlers => { 'main.rb' => <<'RUBY' },
Cloud.function("fast") { "fast" }
Cloud.event("fast") { "fast" }
Cloud.function("row") do |req|
  Deferred.delay(0.06).await
  Deferred.delay(0.04).await
  "done"
end
Cloud.function("together") { Deferred.all([Deferred.delay(0.06), Deferred.delay(0.04)]).await.size }
Cloud.function("inner") { |req| Deferred.delay(0.02).await; 5 }
Cloud.function("outer") { |req| Cloud.call("inner").await }
Cloud.function("fails") { |req| Deferred.delay(0.01).await; raise "no" }
Cloud.function("raises") { raise "at once" }
Cloud.function("fetch") { |req| HTTP.get(req.params["url"]).await.status }
Cloud.function("hog") { |req| Deferred.delay(0.02).await; t = Time.now; while Time.now - t < 0.3; end; "hogged" }
Cloud.function("nap") { |req| Deferred.delay(0.1).await; "napped" }
Cloud.function("loops") { |req| 100.times { Deferred.delay(0.001).await }; "looped" }
RUBY
	config => {
		apps => [{ id => 'demo', handlers => '{dir}/handlers', keys => { master => 'master-key', rest => 'rest-key' },
			http => { allow => ['127.0.0.1'] } }],
		workers => { concurrent => 1, slots => 4 },
		trace => { slow => '80ms', sample => 7 },
	});
my %id;

# Runs it as asked to be traced; the trace.
sub run {
	my ($name, $params, %task) = @_;
	$task{trace} //= JSON::PP::true;
	my $r = $d->call($name, $params // {}, %task);
	$id{$name} = $r->{json}{id};
	return $d->ctl('trace', $id{$name})->{trace};
}
sub spans { my ($t, $kind) = @_; return grep { $_->{kind} eq $kind } @{ $t->{spans} } }
sub near_to { my ($got, $want, $what) = @_; return ok $got >= $want - 0.1 && $got < $want + 1000, "$what: $got" }
sub text { return $d->deferctl('trace', @_)->{out} }

# --- one after the other, together ---
my $t = run('row');
is $t->{why}, 'asked', 'a client asks for a trace';
my @await = spans($t, 'await');
is_deeply [map { "$_->{what} $_->{place}" } @await], ['Deferred.delay main.rb:4', 'Deferred.delay main.rb:5'],
	'awaits, with what they waited for and where';
near_to $await[0]{duration_ms}, 60, 'the first await';
near_to $await[1]{duration_ms}, 40, 'the second';
is scalar(spans($t, 'burst')), 3, '3 bursts';
my ($hint, @more) = @{ $t->{hints} };
is @more, 0, 'one hint';
is_deeply [map { int $_->{duration_ms} } @{ $hint->{awaits} }], [60, 40], 'it has the durations of the work';
ok $hint->{all_ms} >= 60 && $hint->{all_ms} < 61 && $hint->{sum_ms} < 101, '... and what Deferred.all would take';
like text($id{row}), qr/^await Deferred\.delay +main\.rb:4 +\d+ms \|=+\.* +\|$/m, 'the picture';
(my $flat = text($id{row})) =~ s/\s+/ /g;
like $flat, qr/hint: these 2 awaits ran one after the other, 60ms \+ 40ms; Deferred\.all would take 60ms, if/, '... with the hint';
cmp_ok length, '<=', 80, 'a line of at most 80 columns' for grep { length > 80 } split /\n/, text($id{row});

$t = run('together');
is_deeply $t->{hints}, [], 'no hint for Deferred.all';
is((spans($t, 'await'))[0]{what}, '2 deferreds', '... which waits for 2 deferreds');
is scalar(spans($t, 'work')), 2, '... and both are there';

# --- nested calls, HTTP, the loop ---
$t = run('outer');
is((grep { !$_->{depth} } spans($t, 'await'))[0]{what}, 'Cloud.call inner', 'a nested call has its name');
is((grep { $_->{depth} } spans($t, 'await'))[0]{place}, 'main.rb:9', '... and its own awaits');
$t = run('fetch', { url => $d->url . '/livez?secret=1' });
my $host = $d->url =~ s{^http://}{}r;
is((spans($t, 'await'))[0]{what}, "GET $host/livez", 'a request is told of without its query');

# A task whose timer is due while another one holds the loop.
my $r = $d->call('nap', {}, execution => 'async', trace => JSON::PP::true);
$d->call('hog');
my $nap = $r->{json}{id};
wait_for { $d->ctl('show', 'task', $nap)->{task}{state} eq 'done' } 'the nap is over';
$t = $d->ctl('trace', $nap)->{trace};
my ($await) = spans($t, 'await');
cmp_ok $await->{gap_ms}, '>', 20, 'time that the loop kept it waiting';
cmp_ok $await->{duration_ms} - $await->{gap_ms}, '<', 150, '... is told apart from the await';

# --- many awaits ---
$t = run('loops');
is scalar @{ $t->{spans} }, 64, 'no more spans than 64';
cmp_ok $t->{dropped}, '>', 100, '... the others are counted';

# --- what is traced ---
sub why { my ($name, %task) = @_; return run($name, {}, trace => JSON::PP::false, %task)->{why} }
is why('fails'), 'failed', 'a failed task is traced';
is why('raises'), 'failed', '... also one that never awaits';
like text($id{raises}), qr/^Ruby +\S+ms \|/m, '... its burst';
is why('row'), 'slow', 'a slow one is traced';
my @why = map { why('fast') // '' } 1 .. 14;
is scalar(grep { $_ eq 'sampled' } @why), 2, 'of the others every 7th';
why('fast') and why('fast');
like text($id{fast}), qr/are not known: it was not traced/, 'the others: what is known of them';
is $d->call('fast', {}, trace => 1)->{status}, 400, 'trace is true or false';
my $app = $d->http(POST => '/v1/apps/demo/tasks', { name => 'fast', trace => JSON::PP::true }, Authorization => 'Bearer ' . 'rest-key');
is $app->{status}, 403, '... and takes the master key';

# --- for other programs ---
my $chrome = JSON::PP->new->decode(text($id{outer}, 'as', 'chrome'));
ok((grep { $_->{name} eq 'await Cloud.call inner' && $_->{ph} eq 'X' && $_->{dur} > 19000 } @{ $chrome->{traceEvents} }), 'trace events');
is_deeply [sort keys %{ $d->ctl('trace', $id{outer}, 'as', 'otlp') }], ['resourceSpans', 'schema'], 'OTLP in JSON';
my $otlp = JSON::PP->new->decode(text($id{outer}, 'as', 'otlp'))->{resourceSpans}[0]{scopeSpans}[0]{spans};
is $otlp->[0]{traceId}, $id{outer} =~ s/-//gr, 'the task\'s id is the trace\'s';
is scalar(grep { ($_->{parentSpanId} // '') eq $otlp->[0]{spanId} } @$otlp), @$otlp - 1, '... and all is within the task';
like $d->deferctl('trace', $id{outer}, 'as', 'tea')->{err}, qr/as takes chrome or otlp/, 'no other form';
like $d->deferctl('trace', 'ffffffffffff')->{err}, qr/no task and no trace/, 'no such task';

# --- Server-Timing in every dialect ---
for my $dialect (["/demo/rest-key/servercode/events/fast", {}], ['/parse/functions/fast', { 'X-Parse-Application-Id' => 'demo', 'X-Parse-REST-API-Key' => 'rest-key' }]) {
	my $reply = $d->http(POST => $dialect->[0], {}, %{ $dialect->[1] });
	like $reply->{headers}{'server-timing'}, qr/^queue;dur=\d+, run;dur=\d+\.\d{3}$/, "$dialect->[0]: Server-Timing";
}
$d->stop_ok('nothing is left');
done_testing;
