#!/usr/bin/perl
# w4-pages.t: the example of deferd-handlers(7), HTTP, does what it seems to; and requests
# find what the sandbox must leave open to them: the system's certificates, its names.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Page;
use Stub;
use Test::More;

plan skip_all => 'node is not installed' unless Stub->can_run;
my $stub = Stub->start(tls => 1);
my ($example) = page_section('deferd-handlers.7', 'HTTP') =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed$/ms;
my ($echo, $flood) = map { $stub->url . $_ } qw(/echo /flood);
$example =~ s{https://api\.example\.com/v1/now}{$echo};
$example =~ s{https://shop\.example\.com/orders}{$echo};
$example =~ s{https://(?:one|two)\.example\.com/}{$echo}g;
$example =~ s{https://example\.com/large}{$flood};
unlike $example, qr/example\.com/, 'the example names no other hosts';
$example =~ s/"temperature"/"query"/;
$example =~ s/"id"/"body"/;
my $more = <<'END';
Cloud.function("code") do |req|
  begin
    HTTP.get(req.params["url"], timeout: 5).await.status
  rescue HTTP::Error => e
    "#{e.code}: #{e.message}"
  end
end
END
my $d = Deferd->start(handlers => { 'example.rb' => $example, 'more.rb' => $more }, config => {
	workers => { concurrent => 1, slots => 4 }, apps => [{ id => 'demo', handlers => '{dir}/handlers',
	keys => { master => 'master-key' }, http => { allow => ['127.0.0.1', 'localhost', '*'] } }] });
sub result { my $r = $d->call(@_); return $r->{json}{result} // $r->{body} }

is result(weather => { city => 'Bern' }), 'city=Bern', 'weather';
is result(order => { sku => 7 }), '{"sku":7}', 'order';
is_deeply result('both'), [200, 200], 'both';
is result('count'), 64 * 65536, 'count';

unlike result(code => { url => $stub->url('https1') }), qr/^200|verify locations|setting certificate/,
	'a certificate of a CA that the system does not know';
like result(code => { url => $stub->url('https1') }), qr/^tls: .*(?:local issuer|self-signed)/, '... is refused as such';
like result(code => { url => 'http://nosuch.invalid/' }), qr/^(?:dns: GET \S+ the host's name has no address|timeout: )/,
	'a name that does not exist';
is result(code => { url => "http://localhost:" . $stub->port . '/echo' }), 200, 'a name that does';
unlike $d->log, qr/ (?:error|warn): /, 'the log is clean';
$d->stop_ok;
done_testing;
