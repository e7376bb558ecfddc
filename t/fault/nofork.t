#!/usr/bin/perl
# nofork.t: no more processes (RLIMIT_NPROC): deferd says so, tries again, goes on with what
# it has, and is whole again when there are some. Needs root, to start as somebody else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Fault ();
use POSIX ();
use Program qw(slurp wait_for);
use Test::More;

plan skip_all => 'only root can start it as another user' if $> != 0;
plan skip_all => 'there is no user nobody' if !getpwnam 'nobody';
plan skip_all => 'prlimit is not installed' if system('prlimit --version >/dev/null 2>&1') != 0;

my $d = Deferd->prepare(handlers => 'Cloud.function("hello") { |req| "hi" }', config => {
	workers => 2, apps => [{ id => 'demo', keys => { master => 'master-key' },
		handlers => '{dir}/handlers', user => 'nobody' }] });
chmod 0755, $d->dir;
$d->launch->wait_ready;
sub ready { return grep { $_->{state} eq 'ready' } $d->workers }
wait_for { 2 == ready() } 'two workers';
my %worker = map { $_->{pid} => 1 } $d->workers;
my ($forkserver) = grep { !$worker{$_} } map { $_->[0] } Fault::children($d->pid);

# As that user: root would need a capability for the limits of another's process.
sub limit {
	my ($n) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
		($(, $)) = ($gid, "$gid $gid");
		($<, $>) = ($uid, $uid);
		exec 'prlimit', '--pid', $forkserver, "--nproc=$n:" or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return is $?, 0, "at most $n processes";
}

my ($most) = slurp("/proc/$forkserver/limits") =~ /^Max processes +(\w+)/m;
limit(1);
my ($victim, $other) = map { $_->{pid} } ready();
kill KILL => $victim;
my $said = qr/worker \d+: could not be forked: Resource temporarily unavailable: trying again soon/;
ok $d->log_has($said), 'it says that it cannot fork';
wait_for { 2 <= (() = $d->log =~ /$said/g) } 'another try';
pass('... and tries again');
is $d->call('hello')->{json}{result}, 'hi', 'the other worker goes on';
is_deeply [map { $_->{pid} } ready()], [$other], '... alone';
kill KILL => $other;
wait_for { !ready() } 'its end';
is $d->ctl(qw(show info))->{workers_ready}, 0, 'with none at all it still answers';
cmp_ok scalar(() = $d->log =~ /$said/g), '<', 100, '... and does not spin';
limit($most);
ok wait_for(sub { 2 == ready() }, 'two workers', 20), 'then both are there again';
is $d->call('hello')->{json}{result}, 'hi', '... and work';
$d->stop_ok;
done_testing;
