#!/usr/bin/perl
# u1-ui.t: the web page's HTTP side on a running daemon: where it is served, whose key sees
# and does what, what its stream tells, and that a stop does not wait for it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use JSON::PP ();
use Program qw(slurp spill wait_for);
use Test::More;
use Time::HiRes qw(time);

my $handlers = <<'RUBY';
Cloud.function("hello") { |req| "Hello" }
Cloud.function("wait") { |req| Deferred.delay(req.params["s"]).await; "waited" }
Cloud.function("fail") { |req| raise "<script>alert(1)</script>" }
Cloud.function("hang") { |req| req.log.info "about to hang"; Deferred.delay(0.02).await; loop { } }
RUBY

sub app {
	my ($id) = @_;
	return { id => $id, handlers => '{dir}/handlers', keys => {
		rest => "rest-key-$id", master => ["master-key-$id", 'operators-key'] } };
}

my $d = Deferd->start(handlers => $handlers, config => {
	listen => ['http://127.0.0.1:0', 'http://0.0.0.0:0'],
	workers => { concurrent => 4, lowPriorityThreshold => 0.5 },
	apps => [app('a'), app('b')] });
my ($open, $all) = @{ $d->ctl(qw(show info))->{urls} };
$all =~ s/0\.0\.0\.0/127.0.0.1/;

sub ui {
	my ($method, $path, $key, $url) = @_;
	return Http->new($url // $open)->request($method, "/ui$path", undef,
		defined $key ? (Authorization => "Bearer $key") : ());
}
sub submit {
	my ($app, $name, $params) = @_;
	my $r = $d->http(POST => "/v1/apps/$app/tasks", { name => $name, params => $params // {} },
		Authorization => "Bearer rest-key-$app");
	return $r->{json}{id} // die $r->{body};
}

# --- where ---
is ui(GET => '')->{status}, 200, 'the page is there on a loopback listener';
is ui(GET => '', undef, $all)->{status}, 404, '... and not on another one, though reached by loopback';
is ui(POST => '/session', 'operators-key', $all)->{status}, 404, '... nor can one sign in there';
my $page = ui(GET => '')->{body};
unlike $page, qr{(?:src|href)="(?!/ui/)}, 'it loads nothing from elsewhere';
unlike $page, qr{<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=}, '... and has no script or style of its own';
my @files = $page =~ m{"(/ui/[\w.]+)"}g;
push @files, map { "/ui/$_" } ui(GET => '/app.js')->{body} =~ m{from '\./([\w.]+)'}g;
is_deeply [grep { ui(GET => substr $_, 3)->{status} != 200 } grep { $_ ne '/ui/session' } @files], [],
	'all ' . @files . ' files that it names are there';

# --- who ---
my $r = ui(POST => '/session', 'master-key-a');
is $r->{status}, 201, 'a master key opens a session';
my $a = $r->{json}{token};
my $operator = ui(POST => '/session', 'operators-key')->{json}{token};
is ui(POST => '/session', 'rest-key-a')->{status}, 403, 'another key does not';

my %id = (a => submit(a => 'fail'), b => submit(b => 'fail'));
sub shown {
	my ($key, $show) = @_;
	my @ids = sort map { $_->{id} } @{ ui(GET => "/tasks?show=$show", $key)->{json} };
	return @ids;
}
wait_for { shown($operator, 'failed') == 2 } 'both have failed';
is_deeply [shown($a, 'failed')], [$id{a}], 'the key of a shows tasks of a';
is_deeply [shown($operator, 'failed')], [sort values %id], 'a key of all apps shows all';
is ui(GET => "/tasks/$id{b}", $a)->{status}, 404, 'a task of another app is none';
$r = ui(GET => "/tasks/$id{a}", $a)->{json};
is_deeply [@$r{qw(state name app)}], ['failed', 'fail', 'a'], 'one in full';
like $r->{error}{message}, qr{<script>}, '... with its error as it is';
is ui(POST => '/lanes/low/pause', $a)->{status}, 403, 'the lanes are not one app\'s';
is ui(POST => '/lanes/low/pause', $operator)->{status}, 200, '... but can be paused by who has all';
ok((grep { $_->{lane} eq 'low' && $_->{paused} } @{ $d->ctl(qw(show lanes))->{lanes} }), '... and are');
ui(POST => '/lanes/low/resume', $operator);

# --- the stream ---
package Stream {
	sub new {
		my ($class, $key) = @_;
		my $c = Http->new($open);
		$c->write($c->text(GET => '/ui/stream', undef, Authorization => "Bearer $key"));
		return bless { c => $c, in => '' }, $class;
	}

	# The next event's name and data; nothing at the end.
	sub next_event {
		my ($self) = @_;
		while (1) {
			# each is a chunk of its own: its length stands before it
			return ($1, JSON::PP::decode_json($2)) if $self->{in} =~ s/^.*?event: (\w+)\ndata: (.*?)\n\n//s;
			IO::Select->new($self->{c}->socket)->can_read(5) or die "no event: $self->{in}";
			sysread $self->{c}->socket, $self->{in}, 65536, length $self->{in} or return;
		}
	}

	sub until {
		my ($self, $is_it) = @_;
		for (1 .. 20) {
			my ($name, $data) = $self->next_event or return;
			return $data if $name eq 'pool' && $is_it->($data);
		}
		return;
	}
}

my $s = Stream->new($a);
my ($name, $hello) = $s->next_event;
is $name, 'hello', 'the stream begins with what does not change';
is_deeply [@$hello{qw(apps all)}], [['a'], JSON::PP::false], '... among it whose it is';
my $pool = $s->until(sub { 1 });
is $pool->{lanes}[1]{limit}, 2, 'a picture has the lanes and their limits';
submit($_ => wait => { s => 1 }) for 'a', 'b';
$pool = $s->until(sub { (grep { $_->{lane} } @{ $_[0]{seats} }) == 2 });
my ($own) = grep { $_->{name} } @{ $pool->{seats} };
my ($other) = grep { $_->{lane} && !$_->{name} } @{ $pool->{seats} };
is_deeply [@$own{qw(name app lane)}], ['wait', 'a', 'main'], '... and who runs what';
ok $other && !grep({ exists $other->{$_} } qw(app task kind)), '... of another app only that it runs';
my $before = $pool->{done};
ok $s->until(sub { $_[0]{done} == $before + 2 }), '... and changes live';

# --- kill ---
my $hang = submit(a => 'hang');
ok $s->until(sub { grep { ($_->{task} // '') eq $hang && $_->{burst_ms} > 0 } @{ $_[0]{seats} } }), 'a task hangs';
is_deeply [shown($a, 'running')], [$hang], 'it is the one that runs';
is ui(POST => "/tasks/$hang/cancel", $a)->{status}, 202, 'it can be asked to cancel';
is ui(POST => "/tasks/$hang/kill", $operator)->{status}, 202, '... and killed';
ok $s->until(sub { $_[0]{died} == 1 && $_[0]{deaths_at} }), 'its worker\'s death is counted';
is ui(GET => "/tasks/$hang", $a)->{json}{state}, 'cancelled', 'it was cancelled';
my ($death) = @{ ui(GET => '/deaths', $a)->{json} };
is_deeply [@$death{qw(handler task)}], ['hang', $hang], 'and its worker has an obituary';
like "@{ $death->{log} }", qr{about to hang}, '... with its last words';
is_deeply ui(GET => '/deaths', 'master-key-b')->{json}, [], '... not for the other app';

# --- reload ---
my $config = slurp($d->config) =~ s/"master-key-a"/"another-key-a"/r =~ s/\{/{ "ui": "on",/r;
spill($d->config, $config);
$d->ctl('reload');
is ui(GET => '/tasks', $a)->{status}, 401, 'a key that a reload takes away takes its sessions along';
while (my @event = $s->next_event) { $name = $event[0] }
is $name, 'end', '... and their streams';
is ui(GET => '', undef, $all)->{status}, 200, 'ui: on serves the page on every listener';
is ui(GET => '/tasks', $operator)->{status}, 200, 'other sessions go on';

# --- the end ---
$s = Stream->new($operator);
$s->until(sub { 1 });
my $began = time;
$d->stop_ok('deferd stops while a page is open');
cmp_ok time - $began, '<', 3, '... without waiting for it';
done_testing;
