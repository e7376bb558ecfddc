#!/usr/bin/perl
# a04-user.t: handlers run as the user that the config names. Needs root.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(is_alive slurp wait_for);
use Test::More;

plan skip_all => 'only root can become another user' if $> != 0;
my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
plan skip_all => 'there is no user nobody' if !defined $uid;

my $handlers = <<'END';
Cloud.function("hello") { |req| "Hello #{req.params["name"]}" }
Cloud.function("spin", burst: "30s") { loop { } }
END

# The uids and the groups of a process.
sub identity {
	my ($pid) = @_;
	my $status = slurp("/proc/$pid/status");
	return join ' ', map { $status =~ /^$_:\s+(.*?)\s*$/m } qw(Uid Gid);
}
my $nobody = join ' ', map { join "\t", ($_) x 4 } $uid, $gid;
my $root = join ' ', map { join "\t", (0) x 4 } 1, 2;

sub parent { return (slurp("/proc/$_[0]/stat") =~ /^\d+ \(.*\) \S (\d+)/)[0] }

# Children of the daemon that are no worker.
sub forkservers {
	my ($d) = @_;
	my %worker = map { $_->{pid} => 1 } $d->workers;
	my @children = map { m{(\d+)$} } glob '/proc/[0-9]*';
	return grep { !$worker{$_} && (parent($_) // 0) == $d->pid } @children;
}

sub prepare {
	my (%config) = @_;
	my $d = Deferd->prepare(handlers => $handlers, config => { workers => 2,
		apps => [{ id => 'demo', keys => { master => 'master-key' }, handlers => '{dir}/handlers',
			%{ delete $config{app} // {} } }], %config });
	chmod 0755, $d->dir;
	return $d;
}

sub try_it {
	my ($d, $own, $what) = @_;
	$d->launch->wait_ready;
	wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'two workers';
	my @pids = map { $_->{pid} } $d->workers;
	is identity($d->pid), $own, "$what: the daemon itself";
	is identity($_), $nobody, '... a worker is nobody' for @pids;
	is identity($_), $nobody, '... so is the forkserver' for forkservers($d);
	is scalar(forkservers($d)), 1, '... of which there is one';
	is parent($_), $d->pid, '... a worker is the daemon\'s child' for @pids;
	is $d->call(hello => { name => 'Ann' })->{json}{result}, 'Hello Ann', '... it answers';

	my $r = $d->call(spin => {}, timeout => 0.2);
	is $r->{status}, 504, '... a handler that spins is ended';
	wait_for { 1 == grep { !is_alive($_) } @pids } 'the end of its worker';
	wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'its successor';
	is $d->call(hello => { name => 'Bo' })->{json}{result}, 'Hello Bo', '... and replaced';

	my ($old) = forkservers($d);
	kill KILL => $old;
	wait_for { my @new = forkservers($d); @new == 1 && $new[0] != $old
		&& $d->ctl(qw(show info))->{ready} } 'a new forkserver';
	$d->log_has(qr/(?:handlers from 1 files loaded.*){2}/s);
	my %killed = map { $_->{pid} => 1 } $d->workers;
	kill KILL => keys %killed;
	my @next;
	wait_for {
		@next = grep { $_->{state} eq 'ready' && !$killed{ $_->{pid} } } $d->workers;
		@next == 2;
	} 'new ones';
	is identity($_->{pid}), $nobody, '... the next generation is nobody, too' for @next;
	is $d->call(hello => { name => 'Cy' })->{json}{result}, 'Hello Cy', '... and answers';
	return;
}

my $d = prepare(app => { user => 'nobody' });
try_it($d, $root, 'apps[].user');
$d->signal('KILL');
$d->wait;
wait_for { !$d->leftovers } 'the end of the workers, which die with the daemon', 10;
pass '... whose death ends its workers';

$d = prepare(user => 'nobody');
try_it($d, $nobody, 'user');
$d->signal('HUP');
$d->log_has(qr/ info: reloaded: /);
my @ready; # the old ones may still be leaving beside them
wait_for { @ready = grep { $_->{state} eq 'ready' && is_alive($_->{pid}) } $d->workers; 2 == @ready } 'two workers';
is identity($_->{pid}), $nobody, '... a reload finds nobody, too' for @ready;
is $d->call(hello => { name => 'Di' })->{json}{result}, 'Hello Di', '... and an answer';
$d->stop;
is $d->{status}, 0, '... it stops in peace';

# --- what cannot be ---
$d = prepare(app => { user => 'nobody' });
chmod 0700, $d->dir;
my $r = $d->check('-t');
is $r->{status}, 78, 'a folder that the user may not read: 78';
like $r->{err}, qr{^demo: \S*handlers.*Permission denied}m, '... and why';
$d = prepare(user => 'nobody', app => { user => 'daemon' });
$r = $d->check('-t');
is $r->{status}, 78, 'two different users: 78';
like $r->{err}, qr/ user: apps\[0\]\.user is another one, "daemon", whose workers "nobody" could not end/,
	'... and why';
done_testing;
