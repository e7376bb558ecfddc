#!/usr/bin/perl
# i2-notify.t: what a service manager is told, over a socket of the test's own: by path, and
# by an abstract name.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(program slurp wait_for);
use Socket;
use Test::More;
use Time::HiRes qw(time);

sub manager {
	my ($name) = @_;
	socket my $s, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!";
	bind $s, pack_sockaddr_un($name =~ s/^@/\0/r) or die "bind: $!";
	return $s;
}

# The next datagram, or undef after $seconds.
sub said {
	my ($s, $seconds) = @_;
	vec(my $want = '', fileno $s, 1) = 1;
	return undef if !select $want, undef, undef, $seconds // 10;
	recv $s, my $text, 4096, 0;
	return $text;
}

sub said_until {
	my ($s, $regex) = @_;
	my @got;
	while (defined(my $text = said($s))) {
		push @got, $text;
		return @got if $text =~ $regex;
	}
	diag "never said: $regex";
	return @got;
}

my $hello = <<'EOF';
Cloud.function('hello') { |req| 'Hello' }
EOF

for my $kind (qw(path abstract)) {
	my $d = Deferd->prepare(handlers => $hello, config => {
		workers => 2, shutdown => { grace => '7s' } });
	my $name = $kind eq 'path' ? $d->dir . '/notify' : '@deferd-test-' . $$ . '-' . time;
	my $s = manager($name);
	$d->{env} = { NOTIFY_SOCKET => $name };
	$d->launch;
	my @got = said_until($s, qr/^READY=1$/m);
	is $got[-1], 'READY=1', "$kind: READY=1";
	like $got[0], qr/^STATUS=loading/, '... after the handlers were loaded' or diag explain \@got;
	$d->wait_ready;
	is said($s), 'STATUS=ready: 1 apps, 2 workers', '... and a status';
	my ($worker) = $d->workers;
	unlike slurp("/proc/$worker->{pid}/environ"), qr/NOTIFY_SOCKET=/, '... and workers cannot say it';
	is said($s, 0.3), undef, '... no watchdog that nobody asked for';
	$d->signal('TERM');
	is said($s), "STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000", 'STOPPING=1, and how long it may take';
	like said($s), qr/^STATUS=stopping: 0 open tasks$/, '... and a status';
	is $d->wait, 0, 'it ends';
}

# --- the watchdog ---
my $d = Deferd->prepare(handlers => $hello, config => { workers => 1 });
my $s = manager($d->dir . '/notify');
$d->{env} = { NOTIFY_SOCKET => $d->dir . '/notify', WATCHDOG_USEC => 200000 };
$d->launch;
said_until($s, qr/^READY=1$/);
$d->wait_ready;
said_until($s, qr/^WATCHDOG=1$/);
my $began = time;
said_until($s, qr/^WATCHDOG=1$/) for 1 .. 10;
my $every = (time - $began) / 10;
cmp_ok $every, '>', 0.08, 'the watchdog is fed twice in its time';
cmp_ok $every, '<', 0.3, '... in time';
$d->signal('STOP');
said($s, 0.05) for 1 .. 3;
is said($s, 0.4), undef, 'a loop that hangs does not feed it';
$d->signal('CONT');
ok scalar(said_until($s, qr/^WATCHDOG=1$/)), '... and does when it goes on';
$d->stop_ok;

$d = Deferd->prepare(handlers => $hello, config => { workers => 1 });
$s = manager($d->dir . '/notify');
$d->{env} = { NOTIFY_SOCKET => $d->dir . '/notify', WATCHDOG_USEC => 100000, WATCHDOG_PID => 1 };
$d->launch;
said_until($s, qr/^STATUS=ready/);
is said($s, 0.3), undef, 'a watchdog of another process is not ours to feed';
$d->wait_ready;
$d->stop_ok;

# --- a restart: the same process, never without its watchdog ---
$d = Deferd->prepare(handlers => $hello, config => { workers => 1 });
$s = manager($d->dir . '/notify');
$d->{env} = { NOTIFY_SOCKET => $d->dir . '/notify', WATCHDOG_USEC => 200000 };
$d->launch->wait_ready;
said_until($s, qr/^STATUS=ready/);
is $d->deferctl('restart')->{status}, 0, 'restart';
my @told = grep { !/WATCHDOG/ } said_until($s, qr/^STATUS=ready/);
like $told[0], qr/^RELOADING=1\nMONOTONIC_USEC=\d+$/, '... is a reload to the manager';
is_deeply [@told[1 .. $#told]], ['STATUS=restarting', 'STATUS=loading the handlers', 'READY=1',
	'STATUS=ready: 1 apps, 1 workers'], '... that ends when it is ready';
ok scalar(said_until($s, qr/^WATCHDOG=1$/)), '... and the new program feeds the watchdog';
$d->stop_ok;

# --- a start that fails; a manager that is not there ---
$d = Deferd->prepare(handlers => '1 +');
$s = manager($d->dir . '/notify');
my $r = program('deferd', { NOTIFY_SOCKET => $d->dir . '/notify' }, '-F', '-f', $d->config);
is $r->{status}, 78, 'handlers that cannot be loaded';
my @got;
while (defined(my $text = said($s, 0))) {
	push @got, $text;
}
is scalar(grep { /READY/ } @got), 0, '... are not READY';
like $got[-1], qr/^STATUS=not started/, '... which is said';
for my $name ('/nowhere/notify', 'no-such-form', '@') {
	$d = Deferd->start(handlers => $hello, config => { workers => 1 }, env => { NOTIFY_SOCKET => $name });
	ok $d->log_has(qr/service manager/), "NOTIFY_SOCKET=$name: a line in the log";
	$d->stop_ok;
}
done_testing;
