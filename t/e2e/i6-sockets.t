#!/usr/bin/perl
# i6-sockets.t: listening sockets from a service manager, LISTEN_FDS. The test is the manager.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use IO::Socket::IP;
use POSIX ();
use Program qw(slurp spill wait_for);
use Test::More;

$^F = 1000; # what is opened here is inherited

my $helper = <<'EOF2';
#!/usr/bin/perl
# Puts the descriptors $PASS at 3 and above, and becomes deferd.
my @fds = split ' ', $ENV{PASS};
require POSIX;
POSIX::dup2($fds[$_], 100 + $_) // die "dup2: $!" for 0 .. $#fds;
for (0 .. $#fds) {
	POSIX::dup2(100 + $_, 3 + $_) // die "dup2: $!";
	POSIX::close(100 + $_);
}
$ENV{LISTEN_FDS} //= @fds;
$ENV{LISTEN_FDNAMES} = 'http';
$ENV{LISTEN_PID} //= $$;
exec $ENV{DEFERD}, @ARGV or die "$ENV{DEFERD}: $!";
EOF2

sub socket_at {
	return IO::Socket::IP->new(Listen => 64, LocalHost => '127.0.0.1', LocalPort => $_[0] // 0)
	    || die "listen: $@";
}
sub url { return 'http://127.0.0.1:' . $_[0]->sockport }

sub prepare {
	my ($sockets, $listen, %env) = @_;
	my $d = Deferd->prepare(handlers => 'Cloud.function("hello") { |req| "Hello" }',
		config => { workers => 1, listen => $listen });
	$d->{program} = spill($d->dir . '/helper', $helper);
	chmod 0755, $d->{program};
	$d->{env} = { DEFERD => Program::program_path('deferd'), PASS => join(' ', map { fileno $_ } @$sockets),
		%env };
	return $d;
}

sub hello {
	my ($d, $url) = @_;
	local $d->{url} = $url;
	return $d->call('hello')->{json}{result};
}

# --- by address ---
my ($first, $second) = (socket_at(), socket_at());
my $d = prepare([$first, $second], [url($second), 'http://127.0.0.1:0']);
$d->launch->wait_ready;
is_deeply $d->ctl(qw(show info))->{urls}, [url($second), url($first)],
    'sockets by their address, port 0 takes the one that is left';
is hello($d, url($_)), 'Hello', '... and calls are answered' for $first, $second;
my ($worker) = $d->workers;
unlike slurp("/proc/$worker->{pid}/environ"), qr/LISTEN_|DEFERD_HANDOVER/, '... of which workers know nothing';
is $d->deferctl('restart')->{status}, 0, 'a restart hands them on';
is_deeply $d->ctl(qw(show info))->{urls}, [url($second), url($first)], '... with their addresses';
is hello($d, url($_)), 'Hello', '... and calls are answered' for $first, $second;
$d->stop_ok;

# --- they belong to the manager: between a stop and the next start clients wait ---
my $waits = Http->new(url($first));
$waits->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
my $next = prepare([$first, $second], [url($first), url($second)]);
$next->launch->wait_ready;
is $waits->read(5)->{status}, 200, 'who connected meanwhile is answered by the next one';
my $config = slurp($next->config);
my $gone = url($second);
spill($next->config, $config =~ s{,?\s*"\Q$gone\E"}{}r);
my $r = $next->deferctl('restart');
is $r->{status}, 1, 'a restart that would leave one unanswered is refused';
like $r->{err}, qr/the service manager listens on \Q$gone\E, which is not in listen/, '... and says which';
$next->stop_ok;

# --- what cannot be ---
sub fails {
	my ($own, $status, $why, $name) = @_;
	$own->launch;
	is $own->wait, $status, $name;
	like $own->log, $why, '... says why';
	return;
}
fails(prepare([$first], ['http://127.0.0.1:0', url($second)]), 69, qr/cannot listen on \Q@{[url($second)]}\E/,
    'an address that only the manager has, which did not pass it');
fails(prepare([$first, $second], [url($first)]), 69,
    qr/the service manager listens on \Q@{[url($second)]}\E, which is not in listen/, 'one that no entry names');
open my $file, '<', $0 or die "$0: $!";
fails(prepare([$file], ['http://127.0.0.1:0']), 64, qr/the descriptor 3 is no TCP socket that listens/, 'a file');
fails(prepare([], ['http://127.0.0.1:0'], LISTEN_FDS => 'x3'), 64, qr/LISTEN_FDS is x3, which is no number/, 'no number');
fails(prepare([], ['http://127.0.0.1:0'], DEFERD_HANDOVER => 'http=999'), 64, qr/DEFERD_HANDOVER has "http=999"/,
    'a handover that is none');
my $other = prepare([$first], ['http://127.0.0.1:0'], LISTEN_PID => 1);
$other->launch->wait_ready;
isnt $other->url, url($first), 'sockets that are for another process are left alone';
$other->stop_ok;
done_testing;
