#!/usr/bin/perl
# i7-access.t: the access log: a line for every request, no key in it, open again on USR1.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use IO::Socket::INET;
use JSON::PP ();
use Program qw(slurp);
use Test::More;

my $handlers = <<'RUBY';
Cloud.function("hello") { |req| Deferred.delay(0.02); "hello" }
Cloud.event("wait") { |req| Deferred.delay(60) }
RUBY
my $d = Deferd->start(handlers => $handlers, config => { log => { access => '{dir}/access.log' } });
my $file = $d->dir . '/access.log';

sub lines { return split /\n/, slurp($file) }
# The line that has come last, when there are so many.
sub line_of {
	my ($n) = @_;
	wait_for { lines() >= $n } "line $n";
	return (lines())[$n - 1];
}

my $at = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1/;
$d->call('hello');
like line_of(1), qr{$at POST /v1/apps/demo/tasks 200 \d+ app=demo handler=function/hello task=[0-9a-f-]{36} lane=main queue=\d+ run=\d+ loop=\d+\.\d{3}}, 'a sync call';
my ($run, $loop) = line_of(1) =~ /run=(\d+) loop=([\d.]+)/;
cmp_ok $run, '>=', 18, '... which ran for some time';
cmp_ok $loop, '<', $run, '... the loop took less';
$d->call('hello', undef, execution => 'async');
like line_of(2), qr{ 202 \d+ app=demo handler=function/hello task=[0-9a-f-]{36} lane=main loop=\d+\.\d{3}}, 'an async one';
$d->http(POST => '/demo/rest-key/servercode/events/nobody?key=rest-key&x', {}, 'User-Agent' => 'a "fine" agent');
like line_of(3), qr{ POST /demo/\*\*\*/servercode/events/nobody 400 \d+ app=demo loop=\S+ agent="a \\x22fine\\x22 agent"$}, 'Backendless: no key, no query';
$d->http(POST => '/nobody/master-key/services/A/b');
like line_of(4), qr{ POST /nobody/\*\*\*/services/A/b 403 \d+ loop=}, 'an app that is not there';
$d->http(GET => '/healthz');
like line_of(5), qr{ GET /healthz 200 \d+ loop=\d+\.\d{3}$}, 'a system page';
my $raw = IO::Socket::INET->new(PeerAddr => $d->url =~ s{http://}{}r);
print $raw "GARBAGE\r\n\r\n";
like line_of(6), qr{$at \S+ \S+ (?:400|501) \d+$}, 'what is no request';
my $leaver = IO::Socket::INET->new(PeerAddr => $d->url =~ s{http://}{}r);
print $leaver "POST /demo/rest-key/servercode/events/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
wait_for { grep { $_->{task_id} } $d->workers } 'it runs';
close $leaver;
like line_of(7), qr{ /demo/\*\*\*/servercode/events/wait 499 0 app=demo handler=event/wait task=}, 'a client that left';
unlike slurp($file), qr/rest-key|master-key/, 'no key anywhere';

rename $file, "$file.1";
$d->signal('USR1');
wait_for { -e $file } 'a new file';
$d->http(GET => '/healthz');
like line_of(1), qr{ GET /healthz 200}, 'open again after USR1';
is scalar(() = slurp("$file.1") =~ /\n/g), 7, '... the old one has the others';
$d->stop_ok;

# As JSON, with the other lines.
$d = Deferd->start(handlers => $handlers, config => { log => { access => 'log', format => 'json' } });
$d->call('hello');
wait_for { $d->log =~ /"path"/ } 'its line';
my ($o) = map { JSON::PP::decode_json($_) } grep { /"path"/ } split /\n/, $d->log;
is $o->{text}, 'request', 'among the other lines';
is $o->{level}, 'info', '... of the level info';
is "$o->{method} $o->{path} $o->{status} $o->{kind}/$o->{handler} $o->{app} $o->{lane}",
	'POST /v1/apps/demo/tasks 200 function/hello demo main', '... has members';
cmp_ok $o->{run_ms}, '>=', 18, '... and numbers';
$d->ctl(qw(set loglevel warn));
$d->http(GET => '/healthz');
unlike $d->log, qr/healthz/, 'not above the level info';
$d->stop_ok;
$d = Deferd->start(handlers => $handlers, config => { log => { access => 'log' } });
$d->http(GET => '/healthz');
$d->log_has(qr{deferd\[\d+\] info: http: 127\.0\.0\.1 GET /healthz 200 });
$d->stop_ok;
my $r = Deferd->prepare(handlers => '1', config => { log => { access => '{dir}/no/such' } });
is $r->check('-F')->{status}, 73, 'a file that cannot be made: no start';
like $r->check('-F')->{err}, qr{^deferd: log\.access \S+/no/such: No such file or directory: not started$}m, '... and says so';
done_testing;
