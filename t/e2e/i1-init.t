#!/usr/bin/perl
# i1-init.t: the init script: every action in every state gives LSB's exit status, and does
# what it says, to nobody else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use IO::Handle;
use Program qw(build is_alive program_path slurp spill wait_for);
use Test::More;

my $good = "Cloud.function('hello') { |req| 'Hello' }\n";
my $d = Deferd->prepare(handlers => $good, config => {
	workers => 1, log => { target => '{dir}/daemon.log' } });
my $dir = $d->dir;
my $pid_file = "$dir/run/deferd.pid";
my $handlers = "$dir/handlers/main.rb";

# The script's exit status; what it said is in $said.
my $said;
sub script {
	my (@words) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/said";
		open STDERR, '>&', \*STDOUT;
		%ENV = (%ENV, DEFERD_PROGRAM => program_path('deferd'),
			DEFERD_CTL => program_path('deferctl'), DEFERD_CONFIG => $d->config,
			DEFERD_PIDFILE => $pid_file, DEFERD_DEFAULTS => "$dir/defaults",
			DEFERD_WORKER => program_path('deferd-worker'), DEFERD_TEST => $dir);
		exec '/bin/sh', build() . '/conf/deferd.init', @words or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	$said = slurp("$dir/said");
	return $status;
}

sub starts { return scalar(() = slurp("$dir/daemon.log") =~ /listening on/g) }
sub daemon { return slurp($pid_file) =~ /^(\d+)$/ ? $1 : undef }

# Someone else's process, whose number a pid file has. It waits to be let go.
my ($foreign, $let_go);
sub make_foreign {
	pipe my $in, $let_go or die "pipe: $!";
	$foreign = fork // die "fork: $!";
	if (!$foreign) {
		close $let_go;
		sysread $in, my $byte, 1;
		POSIX::_exit(0);
	}
	close $in;
	return;
}

my %states = (
	running => sub { script('start') if script('status') },
	stopped => sub { script('stop') unless script('status') == 3; unlink $pid_file },
	dead => sub {
		script('start') if script('status');
		my $pid = daemon() // BAIL_OUT("no daemon: $said");
		kill KILL => $pid;
		wait_for { !is_alive($pid) && !$d->leftovers } 'the death of the daemon and its workers';
	},
	foreign => sub {
		script('stop') unless script('status');
		spill($pid_file, "$foreign\n");
	},
);

# What each action is to say in each state, and whether a daemon runs afterwards.
my @matrix = (
	# action        running  stopped  dead     foreign
	['status',       [0, 1], [3, 0], [1, 0], [1, 0]],
	['start',        [0, 1], [0, 1], [0, 1], [0, 1]],
	['stop',         [0, 0], [0, 0], [0, 0], [0, 0]],
	['restart',      [0, 1], [0, 1], [0, 1], [0, 1]],
	['try-restart',  [0, 1], [0, 0], [0, 0], [0, 0]],
	['reload',       [0, 1], [7, 0], [7, 0], [7, 0]],
	['force-reload', [0, 1], [7, 0], [7, 0], [7, 0]],
);
# ... and with a handler file that cannot be loaded.
my @bad_matrix = (
	['status',       [0, 1], [3, 0], [1, 0], [1, 0]],
	['start',        [0, 1], [6, 0], [6, 0], [6, 0]],
	['restart',      [6, 1], [6, 0], [6, 0], [6, 0]],
	['try-restart',  [6, 1], [0, 0], [0, 0], [0, 0]],
	['reload',       [6, 1], [7, 0], [7, 0], [7, 0]],
	['force-reload', [6, 1], [7, 0], [7, 0], [7, 0]],
	['stop',         [0, 0], [0, 0], [0, 0], [0, 0]],
);

mkdir "$dir/run";
make_foreign();
for my $bad (0, 1) {
	for my $row ($bad ? @bad_matrix : @matrix) {
		my ($action, @expect) = @$row;
		for my $state (qw(running stopped dead foreign)) {
			my ($status, $runs) = @{ shift @expect };
			my $name = "$action, $state" . ($bad ? ', bad handlers' : '');
			spill($handlers, $good);
			$states{$state}->();
			my ($before, $starts) = (daemon(), starts());
			spill($handlers, "1 +\n") if $bad;
			is script($action), $status, "$name: $status" or diag $said;
			is script('status') == 0 ? 1 : 0, $runs, '... and then it ' . ($runs ? 'runs' : 'does not run');
			my $anew = $status == 0 && $action =~ /restart/;
			if ($state eq 'running' && $runs) {
				is daemon(), $before, '... the same process';
				is starts() - $starts, $anew ? 1 : 0, $anew ? '... that has started anew' : '... as it was';
			}
			like $said, qr/./, '... and says something';
		}
	}
}
ok is_alive($foreign), 'whoever has the number of a stale pid file was left alone';

# --- ready, and words ---
spill($handlers, $good);
is script('start'), 0, 'start';
is $d->ctl(qw(show info))->{ready} ? 1 : 0, 1, '... returns when it is ready';
spill($handlers, "1 +\n");
is script('reload'), 6, 'reload with a bad file';
like $said, qr/main\.rb:\d+:.*not reloaded/s, '... says where it is bad';
my $config = slurp($d->config);
spill($d->config, "apps: []\nworkerz: 1\n");
is script('reload'), 6, 'reload with a bad config';
like $said, qr/deferd\.yaml:2/, '... says the line';
is script('restart'), 6, 'restart with a bad config';
is $d->ctl(qw(show info))->{pid}, daemon(), '... leaves the running one';
unlink $d->config;
is script('restart'), 6, 'no config: 6';
spill($d->config, $config);
spill($handlers, $good);

# --- restart and reload through the control socket, and without it ---
is script('reload'), 0, 'reload';
like $said, qr/^reloaded: 1 new workers, generation \d+$/m, '... returns when it has ended';
is script('restart'), 0, 'restart';
like $said, qr/^restarted: deferd \S+, pid @{[daemon()]}, ready$/m, '... returns when it is ready';
spill($d->config, $config =~ s{"listen"}{"pidFile": "$dir/other", "listen"}r);
is script('reload'), 1, 'reload of what needs a restart: 1';
like $said, qr/these keys need a restart: pidFile/, '... says what does';
spill($d->config, $config);
my $asked = daemon();
unlink $d->socket;
is script('reload'), 0, 'reload of one that does not answer';
like $said, qr/asked to reload, but it does not answer/, '... cannot say how it ends';
is daemon(), $asked, '... and sends HUP';
is script('restart'), 0, 'restart of one that does not answer';
like $said, qr/does not answer: it is stopped.*stopped.*started/s, '... is a stop and a start';
isnt daemon(), $asked, '... and another process';

# --- a second one ---
my $pid = daemon();
my $second = Program::program('deferd', '-f', $d->config, '-p', "$dir/other.pid");
is $second->{status}, 69, 'a second daemon on the same control socket: 69';
like $second->{err}, qr/^deferd: not started: see the log$/, '... which its terminal is told';
like slurp("$dir/daemon.log"), qr/control socket \S+: another deferd serves it/, '... and a sentence';
ok !-e "$dir/other.pid", '... and its pid file is gone';
is daemon(), $pid, '... the first goes on';
is $d->ctl(qw(show info))->{pid}, $pid, '... and answers';
is script('stop'), 0, 'stop';
ok !is_alive($pid), '... waits for the end';
is_deeply [$d->leftovers], [], '... and leaves no process';

# --- whose output is a pipe ---
pipe my $out, my $in or die "pipe: $!";
my $starter = fork // die "fork: $!";
if (!$starter) {
	open STDOUT, '>&', $in;
	open STDERR, '>&', $in;
	%ENV = (%ENV, DEFERD_WORKER => program_path('deferd-worker'), DEFERD_TEST => $dir);
	exec program_path('deferd'), '-f', $d->config, '-p', $pid_file or POSIX::_exit(127);
}
close $in;
vec(my $want = '', fileno $out, 1) = 1;
my $ended = select $want, undef, undef, 10;
is $ended ? sysread($out, my $byte, 1) : -1, 0, 'neither the daemon nor its workers hold the terminal';
waitpid $starter, 0;
is script('stop'), 0, 'stop';

# --- what else can be wrong ---
is script(), 2, 'no action: 2';
is script('start', 'now'), 2, 'two actions: 2';
is script('frobnicate'), 3, 'an unknown one: 3';
spill("$dir/defaults", "DEFERD_PROGRAM=$dir/nothing\n");
is script('start'), 5, 'not installed: 5';
like $said, qr/nothing is not installed/, '... from the file of defaults';
unlink "$dir/defaults";
mkdir $pid_file;
is script('status'), 4, 'a pid file that cannot be read: 4';
rmdir $pid_file;
spill($pid_file, "garbage; rm -rf x\n");
is script('status'), 1, 'a pid file with something else in it: 1';
is script('stop'), 0, '... which is no daemon to stop';
rmdir "$dir/run";
is script('start'), 0, 'the folder of the pid file is made';
is script('stop'), 0, 'stop';

close $let_go;
waitpid $foreign, 0;
done_testing;
