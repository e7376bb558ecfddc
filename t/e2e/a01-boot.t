#!/usr/bin/perl
# a01-boot.t: a daemon starts, answers, and ends; two do not get into each other's way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use IO::Socket::IP;
use Program qw(is_alive program slurp wait_for);
use Test::More;

my $hello = 'Cloud.function("hello") { |req| "Hello #{req.params["name"]}" }';

# --- up and down ---
my $d = Deferd->start(handlers => $hello, config => { workers => { concurrent => 2 } });
like $d->url, qr{^http://127\.0\.0\.1:\d+$}, 'port 0: the port of its choice is told';
my ($url, $dir) = ($d->url, $d->dir);
like $d->log, qr/ deferd\[\d+\] info: listening on \Q$url\E$/m, '... in the log, too';
$d->log_has(qr/ info: ready: /);
is $d->call('hello', { name => 'Ann' })->{json}{result}, 'Hello Ann', 'a call is answered';
is $d->http(GET => '/healthz')->{status}, 200, 'healthz';
is $d->http(GET => '/readyz')->{status}, 200, 'readyz';

my $shown = $d->deferctl(qw(show info));
is $shown->{status}, 0, 'deferctl show info';
like $shown->{out}, qr/\Q$url\E/, '... with the URL';
wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'two workers';
my @pids = map { $_->{pid} } $d->workers;
is scalar(grep { slurp("/proc/$_/stat") =~ /^\d+ \(.*\) \S (\d+)/ && $1 == $d->pid } @pids), 2,
    'workers are the supervisor\'s own children';

# --- a second one ---
is $d->check('-t')->{status}, 0, 'deferd -t, while it runs';
my ($port) = $url =~ /(\d+)$/;
my $second = Deferd->prepare(handlers => $hello, config => { control => { socket => $d->socket } });
my $r = $second->check('-F');
is $r->{status}, 69, 'the control socket is in use: 69';
like $r->{err}, qr/control socket \Q$dir\E\S*: another deferd serves it: /, '... and says so';
$second = Deferd->prepare(handlers => $hello, config => { listen => "http://127.0.0.1:$port" });
$r = $second->check('-F');
is $r->{status}, 69, 'the port is in use: 69';
like $r->{err}, qr/127\.0\.0\.1:$port.*(?:in use|taken)/i, '... and says so';
is $d->call('hello', { name => 'Bo' })->{json}{result}, 'Hello Bo', 'the first one goes on';

$d->stop_ok;
like $d->log, qr/ info: TERM: stopping: 0 open tasks$/m, 'the log says why';
like $d->log, qr/ info: stopped$/m, '... and that it is over';
ok !IO::Socket::IP->new(PeerAddr => "127.0.0.1:$port"), 'nobody listens any more';

# --- after a violent death ---
$d = Deferd->start(handlers => $hello, config => { workers => 1 });
@pids = map { $_->{pid} } $d->workers;
$d->signal('KILL');
is $d->wait, 137, 'killed';
ok -S $d->socket, 'the control socket stays behind';
wait_for { !$d->leftovers } 'the end of its workers', 10;
pass 'its forkserver and workers end by themselves';
$d = Deferd->start(again => $d);
like $d->log, qr/removing what an earlier run left/, 'it is removed by the next one';
is $d->call('hello', { name => 'Cy' })->{json}{result}, 'Hello Cy', '... which answers';
$d->stop_ok;

# --- two listeners, names and IPv6 ---
my @listen = ('http://localhost:0', 'http://127.0.0.1:0');
push @listen, 'http://[::1]:0' if IO::Socket::IP->new(LocalAddr => '::1', Listen => 1);
$d = Deferd->start(handlers => $hello, config => { workers => 1, listen => \@listen });
my @urls = @{ $d->ctl(qw(show info))->{urls} };
cmp_ok scalar(@urls), '>=', scalar(@listen), 'all listeners';
is_deeply [map { Http->new($_)->request(GET => '/healthz')->{status} } @urls],
    [map { 200 } @urls], '... answer';
$d->stop_ok;

# --- in the background ---
$d = Deferd->prepare(handlers => $hello, config => {
	workers => 1, log => { target => '{dir}/daemon.log' }, pidFile => '{dir}/pid' });
my ($pid_file, $log) = map { $d->dir . "/$_" } qw(pid daemon.log);
$r = program('deferd', { DEFERD_TEST => $d->dir }, '-f', $d->config);
is $r->{status}, 0, 'without -F it returns when it is ready';
is $r->{out} . $r->{err}, '', '... quietly';
my ($pid) = slurp($pid_file) =~ /^(\d+)\n$/;
ok $pid && is_alive($pid), 'the pid file has its process id';
is $d->ctl(qw(show info))->{pid}, $pid, '... which is the daemon\'s';
$second = Deferd->prepare(handlers => $hello);
$r = $second->check('-F', '-p', $pid_file);
is $r->{status}, 69, 'the pid file is locked: 69';
like $r->{err}, qr/pid file \Q$pid_file\E is locked: another deferd runs: not started/,
    '... and says so';
is slurp($pid_file), "$pid\n", '... and stays as it is';
rename $log, "$log.1";
kill USR1 => $pid;
wait_for { slurp($log) =~ /USR1: log reopened/ } 'the log, after USR1';
pass 'USR1 opens the log again';
kill TERM => $pid;
wait_for { !is_alive($pid) } 'its end';
ok !-e $pid_file, 'it takes the pid file along';
is_deeply [$d->leftovers], [], '... and leaves no process';
$r = Deferd->prepare(handlers => '1 +')->check;
is $r->{status}, 78, 'a start in the background that fails: 78';
like $r->{err}, qr/main\.rb:1/, '... and says why';

done_testing;
