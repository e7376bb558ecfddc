#!/usr/bin/perl
# w2-hosts.t: which hosts handlers may speak with: this machine not unless the config says
# so, whatever a name or a redirect leads to.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Stub;
use Test::More;

plan skip_all => 'node is not installed' unless Stub->can_run;
my $stub = Stub->start;
my $port = $stub->port;
my $handlers = <<'END';
Cloud.function("try") do |req|
  begin
    r = HTTP.get(req.params["url"], timeout: 5).await
    [r.status.to_s, r.url]
  rescue HTTP::Error => e
    [e.code, e.message]
  end
end
END

sub app {
	my ($id, %http) = @_;
	return { id => $id, handlers => '{dir}/handlers', keys => { master => "master-$id" },
		(%http ? (http => \%http) : ()) };
}
my $d = Deferd->start(handlers => $handlers, config => { workers => { concurrent => 6, slots => 4 }, apps => [
	app('plain'),
	app('port', allow => ["127.0.0.1:$port"]),
	app('local', allow => 'localhost'),
	app('world', allow => ['*', '*.localhost', 'localtest.me']),
	app('both', allow => ['127.0.0.0/8', '::1'], deny => ["127.0.0.1:$port", 'localhost']),
] });

sub try {
	my ($app, $url) = @_;
	my $r = $d->http(POST => "/v1/apps/$app/tasks", { kind => 'function', name => 'try',
		execution => 'sync', params => { url => $url } }, Authorization => "Bearer master-$app");
	return $r->{json}{result} // die $r->{body};
}

# --- nothing is configured ---
my %denied = (
	"http://127.0.0.1:$port/" => 'loopback',
	"http://localhost:$port/" => 'loopback',
	"http://LOCALHOST:$port/" => 'loopback',
	"http://127.1:$port/" => 'loopback',
	"http://0x7f000001:$port/" => 'loopback',
	"http://2130706433:$port/" => 'loopback',
	"http://0177.0.0.1:$port/" => 'loopback',
	"http://[::1]:$port/" => 'loopback',
	"http://[::ffff:127.0.0.1]:$port/" => 'loopback',
	"http://[::ffff:7f00:1]:$port/" => 'loopback',
	"http://0.0.0.0:$port/" => 'unspecified',
	"http://[::]:$port/" => 'unspecified',
	'http://169.254.169.254/latest/meta-data/' => 'link-local',
	'http://[fe80::1]/' => 'link-local',
	'http://[::ffff:169.254.169.254]/' => 'link-local',
	'http://[64:ff9b::7f00:1]/' => 'loopback',
	'http://224.0.0.1/' => 'multicast',
	"http://x\@127.0.0.1:$port/" => 'loopback',
	"http://127.0.0.1:$port\@[::1]:$port/" => 'loopback',
);
for my $url (sort keys %denied) {
	my ($code, $text) = @{ try(plain => $url) };
	is $code, 'denied', "$url is denied";
	like $text, qr/denied: it is an? \Q$denied{$url}\E/, '... and the message says why';
}
is $stub->stats->{connections}, 0, 'nobody has connected';

# --- an address with its port ---
is_deeply try(port => "http://127.0.0.1:$port/"), ['200', "http://127.0.0.1:$port/"], 'an address that is allowed';
is try(port => "http://localhost:$port/")->[0], '200', '... is so by any name';
is try(port => 'http://127.0.0.1:9/')->[0], 'denied', '... at that port only';
is try(port => "http://127.0.0.2:$port/")->[0], 'denied', '... that one only';
is try(port => 'http://192.0.2.1:1/')->[0], 'denied', '... and nothing else';
like try(port => "http://127.0.0.1:$port/to?url=http://127.0.0.1:9/x?key=1")->[1],
	qr{^GET http://127.0.0.1:9/x: denied: }, 'a redirect to one that is not';
is try(port => "http://127.0.0.1:$port/to?url=http://169.254.169.254/")->[0], 'denied', '... to metadata';
is try(port => "http://127.0.0.1:$port/to?url=http://[::1]:$port/")->[0], 'denied', '... to the same server, otherwise';

# --- names ---
is try(local => "http://localhost:$port/")->[0], '200', 'localhost as a name';
is try(local => "http://127.0.0.1:$port/")->[0], 'denied', '... does not allow its address';
like try(local => "http://localhost:$port/to?url=http://127.0.0.1:$port/")->[1], qr/http\.allow does not name it/,
	'... not by a redirect either';
is try(world => "http://localhost:$port/")->[0], 'denied', '* and names open no address of this machine';
is try(world => "http://a.localhost:$port/")->[0], 'denied', '... by no name that stands for it';

# --- deny ---
is try(both => "http://127.0.0.1:$port/")->[0], 'denied', 'deny wins over allow';
is try(both => "http://[::ffff:127.0.0.1]:$port/")->[0], 'denied', '... in other clothes too';
is try(both => "http://localhost:$port/")->[0], 'denied', '... by name';
is try(both => "http://127.0.0.2:$port/")->[0], 'refused', '... only what it names';

# --- the config ---
for (['a/b' => 'no name'], ['10.0.0.0/33' => 'does not fit'], ['a:99999' => 'port']) {
	my ($rule, $why) = @$_;
	my $r = Deferd->prepare(handlers => '', config => { apps => [app('demo', deny => [$rule])] })->check('-t');
	is $r->{status}, 78, "apps[].http.deny: $rule is refused";
	like $r->{err}, qr/apps\[0\]\.http\.deny: "\Q$rule\E": .*$why/, '... with the reason';
}
like $d->check('-T')->{out}, qr/http:\n\s+allow: \["127\.0\.0\.0\/8", "::1"\]\n\s+deny: \["127\.0\.0\.1:$port", "localhost"\]/,
	'-T prints the lists';
is(Deferd->prepare(handlers => '', config => { apps => [app('demo', ca => '/nonexistent')] })->check('-t')->{status}, 78,
	'http.ca must be there');
$d->stop_ok;
done_testing;
