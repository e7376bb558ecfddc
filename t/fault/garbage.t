#!/usr/bin/perl
# Garbage on every port: HTTP, the control socket, the workers' addresses. Nothing ends a
# process, and honest callers are served meanwhile.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(pack_sockaddr_un SOCK_STREAM);
use Test::More;

my $seed = $ENV{T_SEED} // time ^ $$;
srand $seed;
note "T_SEED=$seed";

my $d = start(workers => { concurrent => 2 });
local $SIG{PIPE} = 'IGNORE';

sub noise { return join '', map { chr int rand 256 } 1 .. $_[0] }

my @http = (
	map({ noise(1 + int rand 4000) } 1 .. 40),
	"GET / HTTP/1.1\r\n", "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
	"POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
	"POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"POST /v1/apps/demo/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
	"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"GET /" . ('a' x 200_000) . " HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET / HTTP/1.1\r\n" . join('', map { "X-$_: y\r\n" } 1 .. 20_000) . "\r\n",
	"GET /%00%ff%zz/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
);
my @control = (
	map({ noise(1 + int rand 4000) } 1 .. 40),
	"\n\n\n", "show\n", "show nothing\n", "-j\n", "cancel\n", "'unclosed\n", "\0\0\n",
	("x " x 5000) . "\n", 'y' x 200_000, "show task ../../etc\n", "kill -9\n", "show workers",
);

sub throw_at {
	my ($open, @pieces) = @_;
	my $thrown = 0;
	for my $piece (@pieces) {
		my $s = $open->() or next;
		$s->blocking(0);
		syswrite $s, $piece;
		vec(my $bits = '', fileno $s, 1) = 1;
		select $bits, undef, undef, 0.02;
		sysread $s, my $reply, 65536;
		close $s;
		$thrown++;
	}
	return $thrown;
}

my $pid = $d->pid;
my @before = sort map { $_->{pid} } $d->workers;
my ($host) = $d->url =~ m{//(.*)};
is throw_at(sub { IO::Socket::INET->new(PeerAddr => $host) }, @http), @http, 'HTTP: all was thrown';
is run($d, 'hello', { name => 'A' })->answer(5)->{json}{result}, 'Hello A', '... and calls go on';
is throw_at(sub { IO::Socket::UNIX->new(Peer => $d->socket) }, @control), @control,
	'control socket: all was thrown';
is scalar($d->workers), 2, '... and it answers';

# The workers' addresses are abstract sockets that anybody on the host can see; ours only.
my %ours = map { (readlink) // '' => 1 } glob "/proc/$pid/fd/*";
open my $unix, '<', '/proc/net/unix' or die "/proc/net/unix: $!\n";
my %names = map { /\s(\d+)\s@(deferd-\S+)$/ && $ours{"socket:[$1]"} ? ($2 => 1) : () } <$unix>;
close $unix;
my @names = sort keys %names;
is scalar(@names), 2, 'the supervisor listens for each of its workers';
my $thrown = 0;
for my $name (@names) {
	$thrown += throw_at(sub {
		socket my $s, Socket::PF_UNIX(), SOCK_STREAM, 0 or return;
		connect $s, pack_sockaddr_un("\0$name") or return;
		return bless $s, 'IO::Socket';
	}, "\0SP\0\0\x10\0\0", "\0SP\0\0\x10\0\0" . noise(200), noise(64));
}
note "abstract sockets: @names; connections: $thrown";
is run($d, 'hello', { name => 'B' })->answer(5)->{json}{result}, 'Hello B', 'calls go on';
is_deeply [sort map { $_->{pid} } $d->workers], \@before, 'the workers are the same';
ok alive($pid), 'deferd lives';
pool_is_back($d, 2);
is $d->stop, 0, 'it ends as asked';

done_testing;
