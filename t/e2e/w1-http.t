#!/usr/bin/perl
# w1-http.t: requests of handlers: verbs, bodies, redirects, packed bodies, TLS, streams,
# limits, and every error.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(wait_for);
use Stub;
use Test::More;

plan skip_all => 'node is not installed' unless Stub->can_run;
my $stub = Stub->start(tls => 1);
my $handlers = <<'END';
def symbols(hash)
  out = {}
  (hash || {}).each { |k, v| out[k.to_sym] = v }
  out
end
Cloud.function("go") do |req|
  r = HTTP.__send__(req.params["verb"], req.params["url"], symbols(req.params["options"])).await
  { "status" => r.status, "headers" => r.headers, "body" => r.body, "url" => r.url, "ok" => r.ok? }
end
Cloud.function("fails") do |req|
  begin
    HTTP.get(req.params["url"], symbols(req.params["options"])).await.status
  rescue HTTP::Error => e
    [e.code, e.message, e.url]
  end
end
Cloud.function("json") { |req| r = HTTP.get(req.params["url"]).await; [r.json, r["CONTENT-type"]] }
Cloud.function("no_json") { |req| HTTP.get(req.params["url"]).await.json }
Cloud.function("callback") do |req|
  Deferred.new { |yes, _| HTTP.get(req.params["url"]) { |error, r| yes.call([error.nil? ? nil : error.code, r && r.status]) } }
end
Cloud.function("stream") do |req|
  got = []
  r = HTTP.get(req.params["url"], on_data: proc { |bytes| got << bytes; Deferred.delay(0.001).await },
               timeout: 5).await
  [r.status, got.join.size, got.size > 1, r.body]
end
Cloud.function("stream_raises") do |req|
  HTTP.get(req.params["url"], on_data: proc { |_| raise "enough" }).await
end
Cloud.function("late", timeout: "300ms") { |req| HTTP.get(req.params["url"]).await }
Cloud.function("d_timeout") { |req| HTTP.get(req.params["url"]).timeout(0.1).await }
Cloud.function("binary") { |req| HTTP.post(req.params["url"], body: "\x00\xff\r\n").await.json["body"].size }
END
my $app = { id => 'demo', handlers => '{dir}/handlers', keys => { master => 'master-key' },
	http => { allow => ['127.0.0.1', 'localhost'], ca => $stub->ca, maxBody => '1M' } };
my $d = Deferd->start(handlers => $handlers, config => {
	workers => { concurrent => 1, slots => 8 }, apps => [$app] },
	env => { http_proxy => 'http://127.0.0.1:9', https_proxy => 'http://127.0.0.1:9', ALL_PROXY => 'http://127.0.0.1:9' });

sub go {
	my ($verb, $path, %options) = @_;
	my $url = $path =~ /^http/ ? $path : $stub->url . $path;
	my $r = $d->call(go => { verb => $verb, url => $url, options => \%options });
	return $r->{json}{result} // { status => 0, error => $r->{json}{error}{message} };
}
sub echo { return JSON::PP->new->decode(go(@_)->{body} // '{}') }
sub fails {
	my ($path, %options) = @_;
	my $r = $d->call(fails => { url => $path =~ /:/ ? $path : $stub->url . $path, options => \%options });
	return $r->{json}{result} // $r->{json}{error}{message};
}

# --- verbs and bodies ---
for my $verb (qw(get post put patch delete)) {
	my $e = echo($verb => '/echo/a%20b?q=1');
	is "$e->{method} $e->{path} $e->{query}", uc($verb) . ' /echo/a%20b q=1', $verb;
	is $e->{headers}{'content-length'}, $verb =~ /^p/ ? 0 : undef, '... says that nothing follows';
}
is go(head => '/echo')->{status}, 200, 'head';
is echo(request => '/echo', method => 'options')->{method}, 'OPTIONS', 'request with a method';
my $e = echo(post => '/echo', json => { a => [1, undef, "\x{e4}"] });
is_deeply JSON::PP::decode_json($e->{body}), { a => [1, undef, "\x{e4}"] }, 'json:';
is $e->{headers}{'content-type'}, 'application/json', '... says so';
$e = echo(post => '/echo', form => { a => 'x y&z', b => [1, 2] });
like $e->{body}, qr/^(?:a=x%20y%26z&b=1&b=2|b=1&b=2&a=x%20y%26z)$/, 'form:';
is $e->{headers}{'content-type'}, 'application/x-www-form-urlencoded', '... says so';
$e = echo(put => '/echo', body => 'plain', headers => { 'X-One' => 'two', 'X-None' => '' });
is "$e->{body} $e->{headers}{'x-one'} <$e->{headers}{'x-none'}>", 'plain two <>', 'body: and headers:';
is $e->{headers}{'content-type'}, undef, '... no type that nobody gave';
is echo(put => '/echo', body => '[1]', headers => { 'content-type' => 'a/b' })->{headers}{'content-type'},
	'a/b', '... the given one';
is echo(get => '/echo?a=1', query => { b => 'c d' })->{query}, 'a=1&b=c%20d', 'query:';
is echo(get => '/echo', query => { b => 1 })->{query}, 'b=1', '... the first';
is echo(delete => '/echo', body => 'why')->{body}, 'why', 'a body with DELETE';
like echo(get => '/echo')->{headers}{'user-agent'}, qr{^deferd/\d}, 'its user agent';
is $d->call(binary => { url => $stub->url . '/echo' })->{json}{result}, 5, 'bytes as they are';
my $auth = $stub->url =~ s{//}{//joe:s%40crt\@}r;
is echo(get => "$auth/echo")->{headers}{authorization}, 'Basic am9lOnNAY3J0', 'a user in the URL';

# --- responses ---
is_deeply $d->call(json => { url => $stub->url . '/gzip' })->{json}{result},
	[{ packed => 'gzip' }, 'application/json'], 'json, and headers in any case';
is go(get => "/$_")->{body}, "{\"packed\": \"$_\"}", "unpacks $_" for qw(deflate br);
my $r = go(get => '/status/404');
is "$r->{status} $r->{ok} $r->{body}", '404 0 {"said":"so"}', '404 is a response';
is go(get => '/status/500')->{status}, 500, '... and so is 500';
$r = go(get => '/heads');
is $r->{headers}{'set-cookie'}, "a=1\nb=2", 'two cookies, two lines';
is $r->{headers}{'x-empty'}, '', 'an empty header';
is echo(get => '/echo')->{headers}{cookie}, undef, '... which nobody keeps';
is go(get => '/chunks?n=3')->{body}, "chunk 1\nchunk 2\nchunk 3\n", 'chunks';
is_deeply $d->call(callback => { url => $stub->url . '/status/204' })->{json}{result}, [undef, 204], 'a callback';
is_deeply $d->call(callback => { url => $stub->url . '/close' })->{json}{result}, ['closed', undef], '... of an error';
like $d->call(no_json => { url => $stub->url . '/chunks?n=1' })->{json}{error}{class}, qr/JSON/, 'json of what is none';

# --- redirects ---
$r = go(get => '/redirect/5');
is "$r->{status} $r->{body}", '200 {"end":true}', 'five redirects';
is $r->{url}, $stub->url . '/redirect/0', '... and where they led';
is fails('/redirect/6')->[0], 'redirects', '... a sixth is too many';
is go(get => '/redirect/6', redirects => 6)->{status}, 200, '... unless asked for';
$r = go(get => '/redirect/1', redirects => 0);
is "$r->{status} $r->{headers}{location} $r->{body}", '302 /redirect/0 this is not the body', 'none: the redirect itself';
for ([301, 'GET', ''], [302, 'GET', ''], [303, 'GET', ''], [307, 'POST', 'x'], [308, 'POST', 'x']) {
	my ($status, $method, $body) = @$_;
	$e = echo(post => "/to?status=$status&url=/echo", body => 'x', headers => { 'Content-Type' => 'a/b' });
	is "$e->{method} $e->{body}", "$method $body", "POST and $status";
	is $e->{headers}{'content-type'}, $body ? 'a/b' : undef, '... and its type';
}
my %secret = (Authorization => 'Bearer x', Cookie => 'a=b', 'X-Mine' => 'y');
$e = echo(get => '/to?url=/echo', headers => \%secret);
is "$e->{headers}{authorization} $e->{headers}{cookie}", 'Bearer x a=b', 'credentials go on to the same host';
is echo(get => "$auth/to?url=/echo")->{headers}{authorization}, 'Basic am9lOnNAY3J0', '... those of the URL too';
my $other = $stub->url('https1') . '/echo';
$e = echo(get => "/to?url=$other", headers => \%secret);
is join(' ', map { $e->{headers}{$_} // '-' } qw(authorization cookie x-mine)), '- - y', '... not to another';
is echo(get => "$auth/to?url=$other")->{headers}{authorization}, undef, '... those of the URL neither';
is fails('/to?url=ftp://127.0.0.1/')->[0], 'url', 'a redirect to ftp';
is fails('/to?url=file:///etc/passwd')->[0], 'url', '... or to a file';

# --- TLS ---
is go(get => $stub->url('https') . '/gzip')->{status}, 200, 'HTTP/2';
is echo(get => $stub->url('https') . '/echo')->{version}, '2.0', '... which it is';
is echo(get => $stub->url('https1') . '/echo')->{version}, '1.1', 'HTTP/1.1 over TLS';
is fails($stub->url('bad') . '/echo')->[0], 'tls', 'a certificate that nobody signed';
is fails($stub->url('https') =~ s/localhost/127.0.0.2/r)->[0], 'denied', 'a host that is not allowed';
is fails($stub->url =~ s/http:/https:/r)->[0], 'tls', 'a server without TLS';

# --- errors ---
is_deeply fails("$auth/close?key=secret"), ['closed', 'GET ' . $stub->url . '/close: the connection broke off: '
	. 'Empty reply from server', $stub->url . '/close'], 'nothing comes; no secrets in the message';
is fails('/cut')->[0], 'closed', 'not all comes';
is fails('/garbage')->[0], 'protocol', 'no HTTP comes';
is fails('/never', timeout => 0.05)->[1], 'GET ' . $stub->url . '/never: not answered in time: 50ms', 'a timeout';
is fails('/slow?ms=1', timeout => 5), 200, '... is not early';
is fails('/big?n=1048577')->[0], 'too_large', 'a body over http.maxBody';
is fails('/big?n=1048576'), 200, '... one of just that';
is fails('/big?n=200', max_body => 100)->[0], 'too_large', 'max_body: less';
is fails('/big?n=1048577', max_body => 5_000_000)->[0], 'too_large', '... not more';
is fails('/chunks?n=30&text=' . 'z' x 100, max_body => 1000)->[0], 'too_large', '... in chunks';
is fails('/bomb')->[0], 'too_large', 'a small body that unpacks to a large one';
is fails('http://127.0.0.1:9/')->[0], 'refused', 'nobody listens';
is fails($_)->[0], 'url', "no URL: $_" for 'ftp://127.0.0.1/', 'file:///etc/passwd', 'not:a url', '/x:y', 'http://', "http://\x{e4}.test/";
is fails('http://a:b@[x?token=1')->[1], 'GET (a URL with credentials): the URL cannot be used: it is no absolute http or https URL',
	'... is told without its secrets';
for (['unknown option', nosuch => 1], ['exclude', json => 1, body => 'x'], ['redirects:', redirects => 21],
	['max_body:', max_body => 0], ['timeout:', timeout => 0], ['line break', headers => { a => "b\r\nc: d" }],
	['no name', headers => { "a:b" => 1 }], ['not for handlers', headers => { 'Content-Length' => 5 }],
	['on_data:', on_data => 5], ['query:', query => 5], ['headers:', headers => 'x']) {
	my ($what, @options) = @$_;
	like fails('/echo', @options), qr/^HTTP: .*\Q$what/, "refused: $what";
}
like $d->call(go => { verb => 'request', url => $stub->url, options => { method => "GET /\r\n" } })->{json}{error}{message},
	qr/is no method/, 'refused: a strange method';

# --- the task's time ---
is $d->call(late => { url => $stub->url . '/never' })->{status}, 504, 'the task ends in its time';
is $d->call(d_timeout => { url => $stub->url . '/never' })->{json}{error}{class}, 'Cloud::Timeout', 'timeout()';

# --- streams ---
my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
is_deeply $d->call(stream => { url => $stub->url . '/flood' })->{json}{result}, [200, 64 * 65536, $yes, ''],
	'a stream may be larger than http.maxBody';
is_deeply $d->call(stream => { url => $stub->url . '/chunks?n=5&ms=20' })->{json}{result}, [200, 40, $yes, ''], '... and slow';
is_deeply $d->call(stream => { url => $stub->url . '/status/404' })->{json}{result}, [404, 0, $no, '{"said":"so"}'],
	'... what is no success is no stream';
is_deeply $d->call(stream => { url => $stub->url . '/redirect/2' })->{json}{result}, [200, 12, $no, ''], '... nor is a redirect';
is $d->call(stream_raises => { url => $stub->url . '/flood' })->{json}{error}{message}, 'enough', 'its block raises';
like $d->call(stream => { url => $stub->url . '/cut' })->{json}{error}{message}, qr/broke off/, 'it breaks off';
wait_for { $stub->stats->{active} == 0 } 'nothing is left open';

unlike $d->log, qr/ (?:error|warn): /, 'the log is clean';
$d->stop_ok;
done_testing;
