#!/usr/bin/perl
# h02-backendless.t: the Backendless dialect with raw requests.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(wait_for);
use Test::More;

my $d = Deferd->start(handlers => <<'RUBY', config => { defaultApp => 'demo', workers => { concurrent => 2 } });
Cloud.event("plain") { |req| { got: req.params } }
Cloud.event("five") { |req| 5 }
Cloud.event("nothing") { |req| nil }
Cloud.event("late") { |req| Deferred.delay(5) }
Cloud.event("seconds", timeout: 0.2) { |req| Deferred.delay(5) }
class Users < Cloud::Service
  get("/users/:id") { |req| [req.params, req.path_params, req.query] }
  put("/users/{id}") { |req| req.params }
  def echo(req); req.body; end
  def params(req); req.params; end
  def none(req); nil; end
  def raise_it(req); raise "boom"; end
  def own(req); raise Cloud::Error.new(4711, "own", 409); end
  def die_now(req); loop {}; end
  def page(req); Cloud::Response.new("<p>", status: 203, headers: { "Content-Type" => "text/html", "X-A" => "b" }); end
  def empty(req); Cloud::Response.new(nil, status: 204); end
  private
  def hidden(req); 1; end
end
Cloud.service "Users", Users
RUBY

my $root = '/demo/' . $d->key('javascript');
sub post {
	my ($path, $body, %headers) = @_;
	return $d->http(POST => "$root$path", $body, %headers);
}
sub is_error {
	my ($r, $status, $code, $message, $name) = @_;
	is $r->{status}, $status, "$name: status";
	is_deeply $r->{json}, { code => $code, message => $message }, "$name: body";
}

# --- events ---
is_deeply post('/servercode/events/plain', { a => 1 })->{json}, { got => { a => 1 } }, 'a hash is the reply';
is post('/servercode/events/five', {})->{body}, '{"result":5}', 'anything else is wrapped';
is post('/servercode/events/nothing', {})->{body}, '{"result":null}', '... nil, too';
is $d->http(POST => '/api/servercode/events/five', {})->{body}, '{"result":5}', 'the domain form';
is_error post('/servercode/events/nope', {}), 400, 0, "Custom event handler with name 'nope' does not exists", 'unknown event';

# --- services ---
is post('/services/Users/echo', 'hello', 'Content-Type' => '')->{body}, '"hello"', 'raw text';
is $d->client->request(POST => "$root/services/Users/echo")->{body}, 'null', 'no body';
is post('/services/Users/echo', '[1,"x"]')->{body}, '[1,"x"]', 'an array';
is post('/services/Users/echo', '"s"')->{body}, '"s"', 'a JSON string';
is post('/services/Users/none')->{body}, 'null', 'nil';
is_deeply $d->http(GET => "$root/services/Users/params?a=1&b=%C3%A9")->{json}, { a => '1', b => "\x{e9}" }, 'GET: the query';
is_error post('/services/Users/hidden', {}), 400, 0, '[hidden] method does not exist in [Users] service or is not a function', 'private';
is_error post('/services/Nope/x', {}), 400, 0, '[Nope] service does not exist', 'unknown service';

# --- routes ---
is_deeply $d->http(GET => "$root/services/Users/users/a%20b?id=q&x=1")->{json},
    [{ id => 'a b', x => '1' }, { id => 'a b' }, { id => 'q', x => '1' }], 'a route: path over query';
is_deeply $d->http(PUT => "$root/services/Users/1.0.0/users/7", { id => 1, y => 2 })->{json},
    { id => '7', y => 2 }, '... with a version: path over body';
is $d->http(DELETE => "$root/services/Users/users/7")->{status}, 405, 'another verb';

# --- errors ---
is_error post('/services/Users/raise_it'), 400, 0, 'boom', 'an exception';
is_error post('/services/Users/own'), 409, 4711, 'own', 'Cloud::Error';
is_error post('/servercode/events/seconds', {}), 400, 15000,
    'Custom business logic execution has been terminated because it did not complete in permitted time - 0.2 seconds', 'a timeout';
is post('/services/Users/echo', '{', )->{status}, 400, 'bad JSON';
is $d->http(GET => '/demo/nope/info')->{status}, 403, 'a wrong key';

# --- replies ---
my $r = post('/services/Users/page');
is_deeply [$r->{status}, $r->{body}, @{ $r->{headers} }{qw(content-type x-a access-control-allow-origin)}],
    [203, '<p>', 'text/html', 'b', '*'], 'Cloud::Response';
is_deeply [@{ post('/services/Users/empty') }{qw(status body)}], [204, ''], '204 has no body';

# --- execution types ---
for my $type (qw(async async-low-priority asyncLowPriority ASYNC)) {
	$r = post('/servercode/events/late', {}, 'bl-execution-type' => $type);
	is_deeply [@$r{qw(status body)}], [200, 'null'], "$type: null, at once";
	is $r->{headers}{'deferd-durability'}, 'memory', '... Deferd-Durability';
	my $task = $d->native(GET => "/tasks/$r->{headers}{'deferd-task-id'}")->{json};
	is $task->{lane}, $type =~ /low/i ? 'low' : 'main', '... its lane';
}
is post('/servercode/events/late', {}, 'bl-execution-type' => 'later')->{status}, 400, 'an unknown one is refused';

# --- the SDK's own ---
is_deeply $d->http(GET => "$root/info")->{json}{loggers}, [], 'info';
is $d->http(PUT => "$root/log", [])->{status}, 200, 'log';
is $d->http(PUT => "$root/data/T", {})->{status}, 400, 'tables are not there yet';
$r = $d->http(OPTIONS => "$root/services/Users/echo", undef, 'Access-Control-Request-Headers' => 'bl-execution-type');
is_deeply [$r->{status}, $r->{headers}{'access-control-allow-headers'}], [204, 'bl-execution-type'], 'preflight';

is $d->deferctl(qw(drain))->{status}, 0, 'drain';
$r = post('/servercode/events/five', {});
is_deeply [$r->{status}, $r->{json}{code}, $r->{headers}{'retry-after'}], [503, 15903, 1], 'draining: 503, to be repeated';
$d->signal('INT');
is $d->wait, 0, 'INT ends it';
done_testing;
