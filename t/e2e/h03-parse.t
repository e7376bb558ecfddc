#!/usr/bin/perl
# h03-parse.t: the Parse dialect with raw requests.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use MIME::Base64 qw(encode_base64);
use Program qw(wait_for);
use Test::More;

my $d = Deferd->start(handlers => <<'RUBY', config => { workers => { concurrent => 2 } });
Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.define("params") { |req| req.params }
Cloud.define("odd name") { |req| req.name }
Cloud.function("dates") { |req| [req.params["d"].class.to_s, req.params["d"].to_i, [{ t: Time.at(1) }]] }
Cloud.function("context") { |req| req.context }
Cloud.function("master") { |req| req.master? }
Cloud.function("nothing") { |req| nil }
Cloud.function("boom") { |req| raise "boom" }
Cloud.function("own") { |req| raise Cloud::Error.new(1234, "own", 503) }
Cloud.function("missing") { |req| raise Cloud::Error.new(101, "gone") }
Cloud.function("late", timeout: 0.2) { |req| Deferred.delay(5) }
Cloud.function("hog", timeout: 0.2) { |req| loop {} }
Cloud.function("made") { |req| Cloud::Response.new(1, status: 202, headers: { "X-A" => "b" }) }
Cloud.function("broken") { |req| Cloud::Response.new(1, status: 500) }
Cloud.job("rebuild") { |req| req.progress 0.5, "half"; Deferred.delay(req.params["s"] || 0).await; "all of it" }
Cloud.job("fails", retries: 0) { |req| raise "no luck" }
RUBY

my %rest = ('X-Parse-Application-Id' => 'demo', 'X-Parse-REST-API-Key' => $d->key('rest'));
my %master = ('X-Parse-Application-Id' => 'demo', 'X-Parse-Master-Key' => $d->key('master'));
my %sdk = (_ApplicationId => 'demo', _ClientVersion => 'js8.6.0', _InstallationId => 'i');
my %text = ('Content-Type' => 'text/plain');

sub run {
	my ($name, $params, %headers) = @_;
	return $d->http(POST => "/parse/functions/$name", $params // {}, %rest, %headers);
}
sub is_error {
	my ($r, $status, $body, $name) = @_;
	is $r->{status}, $status, "$name: status";
	is_deeply $r->{json}, $body, "$name: body";
}

# --- functions ---
is run('hello', { name => 'Ann' })->{body}, '{"result":"Hello Ann"}', 'a function';
is run('odd%20name')->{json}{result}, 'odd name', 'an encoded name';
is $d->http(POST => '//Parse/FUNCTIONS/hello/', {}, %rest)->{status}, 200, 'slashes and case do not matter';
is run('nothing')->{body}, '{"result":null}', 'nil';
is_deeply run('params?a=q', { a => 1, b => 2 })->{json}{result}, { a => 'q', b => 2 }, 'the query wins';
is_deeply run('dates', { d => { __type => 'Date', iso => '1970-01-01T00:00:05.000Z' } })->{json}{result},
    ['Time', 5, [{ t => { __type => 'Date', iso => '1970-01-01T00:00:01.000Z' } }]], 'dates, both ways';
my $pointer = { __type => 'Pointer', className => 'A', objectId => 'x' };
is_deeply run('params', { p => $pointer })->{json}{result}, { p => $pointer }, 'pointers stay hashes';

# --- the SDK's envelope ---
my $r = $d->http(POST => '/parse/functions/params',
    { %sdk, _JavaScriptKey => $d->key('javascript'), _SessionToken => 's', a => 1 }, %text);
is_deeply $r->{json}, { result => { a => 1 } }, 'credentials in the body, none of them a parameter';
is $d->http(POST => '/parse/functions/master', { %sdk, _MasterKey => $d->key('master') }, %text)->{json}{result},
    JSON::PP::true, 'the master key in the body';
is $d->http(POST => '/parse/functions/master', {}, Authorization => 'Basic ' . encode_base64('demo:' . $d->key('master'), ''))
    ->{json}{result}, JSON::PP::true, 'basic authentication';
is_error $d->http(POST => '/parse/functions/hello', { %sdk, _JavaScriptKey => 'x' }, %text), 403, { error => 'unauthorized' }, 'a wrong key';
is_error $d->http(POST => '/parse/functions/hello', {}), 403, { error => 'unauthorized' }, 'no key';
is_deeply run('context', { _context => { a => 1 } })->{json}{result}, { a => 1 }, 'context in the body';
is_deeply run('context', {}, 'X-Parse-Cloud-Context' => '{"b":2}')->{json}{result}, { b => 2 }, '... in a header';

# --- errors ---
is_error run('nope'), 400, { code => 141, error => 'Invalid function: "nope"' }, 'unknown function';
is_error run('boom'), 400, { code => 141, error => 'boom' }, 'an exception';
is_error run('own'), 400, { code => 1234, error => 'own' }, 'Cloud::Error, never a 5xx';
is_error run('missing'), 404, { code => 101, error => 'gone' }, 'code 101 is 404';
is run('late')->{json}{code}, 124, 'a timeout';
$r = run('hog');
is_deeply [$r->{status}, $r->{json}{code}], [400, 124], 'a hogged worker: the caller is told in time';
ok $r->{took} < 1.5, "... in $r->{took} s";
is run('broken')->{status}, 400, 'Cloud::Response cannot ask for a 5xx';
$r = run('made');
is_deeply [$r->{status}, $r->{headers}{'x-a'}, $r->{body}], [202, 'b', '{"result":1}'], 'Cloud::Response';
is $d->http(POST => '/parse/functions/hello', '{', %rest)->{json}{code}, 107, 'bad JSON';
for my $type ('application/x-www-form-urlencoded', 'multipart/form-data; boundary=x') {
	is $d->http(POST => '/parse/functions/hello', 'a=1', %rest, 'Content-Type' => $type)->{status}, 415, $type;
}
is $d->http(GET => '/parse/nope', undef, %rest)->{json}{code}, 101, 'an unknown path is told in JSON';

# --- jobs ---
is_error $d->http(POST => '/parse/jobs/rebuild', {}, %rest), 403, { error => 'Permission denied' }, 'a job without the master key';
is_error $d->http(POST => '/parse/jobs/nope', {}, %master), 400, { code => 141, error => 'Invalid job.' }, 'unknown job';
sub start_job {
	my ($name, $params) = @_;
	my $r = $d->http(POST => "/parse/jobs/$name", $params // {}, %master);
	is_deeply [@$r{qw(status body)}], [200, '{}'], "$name is started";
	like $r->{headers}{'access-control-expose-headers'}, qr/(^|, )X-Parse-Job-Status-Id(, |$)/, '... its id is exposed';
	return $r->{headers}{'x-parse-job-status-id'};
}
sub job_row {
	my ($id) = @_;
	return $d->http(POST => '/parse/classes/_JobStatus', { %sdk, _MasterKey => $d->key('master'),
		_method => 'GET', where => { objectId => $id }, limit => 1 }, %text)->{json}{results}[0];
}
my $id = start_job('rebuild', { s => 0.3 });
wait_for { (job_row($id)->{message} // '') eq 'half' } 'it runs and says so';
is job_row($id)->{status}, 'running', '... running';
wait_for { job_row($id)->{status} eq 'succeeded' } 'it succeeds';
is job_row($id)->{message}, 'all of it', 'the text that it returned';
is job_row($id)->{finishedAt}{__type}, 'Date', 'finishedAt is a Date';
is $d->http(GET => "/parse/classes/_JobStatus/$id", undef, %master)->{json}{jobName}, 'rebuild', 'one row by its id';
$id = start_job('fails');
wait_for { job_row($id)->{status} eq 'failed' } 'it fails';
is job_row($id)->{message}, 'no luck', '... with its words';
is job_row('01a1fc40-0258-75ff-967d-96fed101ecaa'), undef, 'no such row';
is_deeply $d->http(GET => '/parse/cloud_code/jobs/data', undef, %master)->{json},
    { in_use => [], jobs => ['rebuild', 'fails'] }, 'cloud_code/jobs/data';

# --- the rest ---
is_deeply $d->http(GET => '/parse/config', undef, %rest)->{json}, { params => {} }, 'config';
is_deeply $d->http(GET => '/parse/health')->{json}, { status => 'ok' }, 'health, without a key';
$r = $d->http(OPTIONS => '/parse/functions/hello');
is $r->{status}, 200, 'OPTIONS';
is $r->{headers}{'access-control-allow-origin'}, '*', '... CORS';

$d->stop_ok;
done_testing;
