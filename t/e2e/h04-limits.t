#!/usr/bin/perl
# h04-limits.t: sizes, connections, slow clients and odd framing against the real daemon.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Http;
use Program qw(wait_for);
use Test::More;

my $d = Deferd->start(handlers => 'Cloud.function("hello") { |req| 1 }', limits => { n => 400 },
	config => { http => { body => '4K', headers => '4K', idle => '300ms', connections => 300 },
		workers => { concurrent => 1 } });

sub still_serves {
	my ($name) = @_;
	is $d->call('hello')->{json}{result}, 1, "... it still serves: $name";
}

# --- sizes ---
my $large = '"' . 'x' x 5000 . '"';
my %parse = ('X-Parse-Application-Id' => 'demo', 'X-Parse-REST-API-Key' => $d->key('rest'));
my $r = $d->native(POST => '/tasks', $large);
is_deeply [$r->{status}, $r->{json}{error}{code}], [413, 'too_large'], 'a large body, native';
$r = $d->http(POST => '/demo/' . $d->key('rest') . '/services/A/b', $large);
is_deeply [$r->{status}, $r->{json}], [413, { code => 0, message => 'the request is too large' }], '... Backendless';
$r = $d->http(POST => '/parse/functions/hello', $large, %parse);
is_deeply [$r->{status}, $r->{json}], [413, { code => 107, error => 'the request is too large' }], '... Parse';
$r = $d->http(POST => '/parse/functions/hello', 'x' x 5_000_000, %parse);
is_deeply [$r->{status}, $r->{json}{code}, $r->{headers}{connection}], [413, 107, 'close'],
    '... a very large one is read to its end, then told';
$r = $d->native(GET => '/tasks', undef, 'X-Long' => 'x' x 5000);
is $r->{status}, 400, 'long headers';
ok $r->{json}{error}, '... told in JSON';
still_serves('after what was too large');

# --- chunks and 100-continue ---
my $c = $d->client;
my $task = '{"name":"hello","execution":"sync"}';
$c->write("POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer master-key\r\n"
	. "Transfer-Encoding: chunked\r\n\r\n");
$c->write(sprintf "%x\r\n%s\r\n", length $_, $_) for split /(?<=,)/, $task;
$c->write("0\r\n\r\n");
is $c->read->{status}, 200, 'a chunked body';
$c->write("POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer master-key\r\n"
	. 'Content-Length: ' . length($task) . "\r\nExpect: 100-continue\r\n\r\n");
is $c->read->{status}, 100, '100 Continue';
$c->write($task);
is $c->read->{status}, 200, '... then the answer';
$c->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" x 20);
is_deeply [map { $c->read->{status} } 1 .. 20], [(200) x 20], '20 pipelined requests';

# --- what two readers could understand differently ---
my @odd = ("GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
	"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
	"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
	"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
	"nonsense\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
for my $odd (@odd) {
	my $o = $d->client;
	$o->write($odd . "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	$r = $o->read;
	my ($line) = $odd =~ /^([^\r]*)/;
	$line =~ s/[^ -~]/?/g;
	like $r->{status}, qr/^(?:400|501)$/, "refused: $line";
	ok $r->{json} && $o->is_closed(2), '... in JSON, and closed';
}
still_serves('after odd requests');

# --- slow clients ---
$c = $d->client;
$c->write("GET /healthz HTTP/1.1\r\nHo");
ok $c->is_closed(2), 'a client that stops in the middle is dropped';
$c = $d->client;
ok $c->is_closed(2), '... as is one that says nothing';

# --- connections: the limit follows from the descriptors ---
ok $d->log_has(qr/http\.connections is 300, but only 400 files may be open: at most (\d+) connections/),
    'the limit is lowered, and said';
my ($most) = $d->log =~ /at most (\d+) connections/;
my @open = map { Http->new($d->url) } 1 .. $most + 20;
wait_for { $d->ctl(qw(show info)) } 'the control socket answers meanwhile';
my $late = $open[-1];
$late->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
splice @open, 0, 60;
is $late->read->{status}, 200, 'one over the limit is served when others have left';
@open = ();
still_serves('after too many connections');
unlike $d->log, qr/cannot accept/, 'it never ran out of descriptors';

$d->stop_ok;
done_testing;
