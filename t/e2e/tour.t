#!/usr/bin/perl
# tour.t: what a new operator does, by README and the pages alone: install, start, break the
# config, read, correct it, scale, find the slow handler, kill a task, restart, drain, stop.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use File::Find qw(find);
use File::Path qw(make_path);
use Program qw(build program_path slurp spill wait_for);
use Test::More;

my $d = Deferd->prepare(handlers => '1');
my $dir = $d->dir;
my $folder = "$dir/etc/handlers";

# --- install ---
my $log = do { local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)}; `make -C @{[build()]} install DESTDIR=$dir/root 2>&1` };
is $?, 0, 'make install DESTDIR' or diag $log;
my @installed;
find(sub { push @installed, $File::Find::name if -f }, "$dir/root");
my ($program, $deferctl, $init, $sample) =
    map { my $end = $_; (grep { m{$end$} } @installed)[0] } qw(sbin/deferd sbin/deferctl init.d/deferd examples/deferd.yaml);
ok $program && $deferctl && $init && $sample, 'programs, the init script and a sample are there';

# Runs a command; its status. What it said is in $said.
my $said;
sub run {
	my (@words) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/said";
		open STDERR, '>&', \*STDOUT;
		%ENV = (%ENV, DEFERD_DEFAULTS => "$dir/etc/default", DEFERD_SOCKET => $d->socket,
			DEFERD_WORKER => program_path('deferd-worker'), DEFERD_TEST => $dir);
		exec @words or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $status = $? >> 8;
	$said = slurp("$dir/said");
	return $status;
}
sub script { return run('/bin/sh', $init, @_) }
sub deferctl { return run($deferctl, @_) }
sub rows { my ($what, @words) = @_; return @{ $d->ctl('show', @words)->{$what} } }

# --- the first start ---
make_path("$dir/etc");
my $config = "$dir/etc/deferd.yaml";
spill("$dir/etc/default", "DEFERD_PROGRAM=$program\nDEFERD_CTL=$deferctl\nDEFERD_CONFIG=$config\nDEFERD_PIDFILE=$dir/run/pid\n");
is script('start'), 6, 'without a config it does not start';
like $said, qr{deferd\.yaml cannot be read: a sample is in (\S+)}, '... and says where one is';
my ($told) = $said =~ /a sample is in (\S+)/;
ok -f "$dir/root$told/deferd.yaml", '... which is true';

spill($config, slurp($sample));
is script('start'), 6, 'the sample as it is, where nothing is installed: no start';
like $said, qr{deferd\.yaml:\d+:\d+: apps\[0\]\.handlers: /etc/deferd/handlers: No such file}, '... the line and the folder are told'
    if !-d '/etc/deferd/handlers';
system 'cp', '-r', ($sample =~ s{[^/]+$}{handlers}r), $folder;
my $good = slurp($sample) =~ s{/etc/deferd/handlers}{$folder}r =~ s{127\.0\.0\.1:7500}{127.0.0.1:0}r
    =~ s{^# control:}{control: {socket: $dir/control.sock}}mr
    =~ s{^# log:}{log: {target: $dir/deferd.log}}mr
    =~ s{# path: /var/lib/deferd }{path: $dir/store }r
    =~ s/change-me-master-key/master-key/r;
spill($config, $good);
is script('start'), 0, 'with its paths in place it starts' or diag $said;
is script('start'), 0, '... once';
like $said, qr/runs already/, '... as it says';
is deferctl('show', 'info'), 0, 'show info';
like $said, qr{^ready +yes$}m, '... it is ready';
like $said, qr{^store +sqlite: async tasks are on disk, in $dir/store$}m, '... and where tasks are kept';
($d->{url}) = $said =~ /^listens +(\S+)$/m;
my ($pid) = $said =~ /^pid +(\d+)$/m;
is $d->call('hello', { name => 'Ada' })->{json}{result}, 'Hello Ada', 'a handler of the sample answers';
like $d->http(GET => '/ui')->{body}, qr/<title>deferd/, 'the page /ui is there';

# --- mistakes ---
spill($config, $good =~ s/  concurrent:/  concurent:/r);
is script('reload'), 6, 'a typo in the config: not reloaded';
like $said, qr{deferd\.yaml:\d+:3: workers\.concurent: unknown key: did you mean concurrent\?.*goes on as it is}s, '... line, key, advice';
is deferctl('reload'), 1, '... nor by deferctl';
like $said, qr/^not reloaded, .*did you mean concurrent\?/s, '... which says the same';
spill($config, $good =~ s/  concurrent: 4/  concurrent: 3/r);
is run($program, '-t', '--explain', '-f', $config), 1, 'corrected: what would a reload change?';
like $said, qr/^workers\.concurrent: 4 -> 3 \(reload\)$/m, '... this';
spill("$folder/mine.rb", "Cloud.function 'mine' do |req|\n  1 +\nend\n");
is script('reload'), 6, 'a handler file with a mistake: not reloaded';
like $said, qr/mine\.rb:3: SyntaxError/, '... file and line';
is $d->call('hello', { name => 'Ada' })->{json}{result}, 'Hello Ada', 'all the while it serves';
spill("$folder/mine.rb", <<'RUBY');
Cloud.function("buggy") { |req|
  req.params["a"].lenght
}
Cloud.function("slow") { |req| Deferred.delay(0.15).then { 1 } }
Cloud.function("stuck") { |req| Deferred.delay(60).await }
RUBY
is script('reload'), 0, 'corrected: reloaded' or diag $said;
like $said, qr/^reloaded: 4 new workers, 3 in all soon, generation 1$/m, '... and told how many there will be';
my $r = $d->call('buggy', { a => 'x' });
is $r->{status}, 422, 'a handler with a bug';
like $r->{json}{error}{message}, qr/lenght.*Did you mean length\?/, '... is told what it was';
deferctl(qw(show tasks state failed));
my ($failed) = $said =~ /^(\w+) +failed .* buggy /m;
is deferctl('show', 'task', $failed // '?'), 0, '... and the operator finds it by the id in the list';
like $said, qr/mine\.rb:2/, '... with its line';

# --- at work ---
is deferctl(qw(scale 5)), 0, 'scale';
is scalar(rows('workers', 'workers')), 5, '... five workers';
$d->call('slow');
my ($slowest) = sort { ($b->{run_max_ms} // 0) <=> ($a->{run_max_ms} // 0) } rows('handlers', 'handlers');
is $slowest->{name}, 'slow', 'the slowest handler is found';
$d->call('stuck', undef, execution => 'async');
my ($task) = wait_for { (map { $_->{task_id} // () } $d->workers)[0] } 'it runs';
deferctl(qw(show tasks state leased));
my ($short) = $said =~ /^(\w+) +leased .* stuck /m;
is deferctl('kill', $short // '?'), 0, 'kill a task, by the id in the list';
wait_for { $d->ctl('show', 'task', $task)->{task}{state} eq 'cancelled' } 'its end';
my ($death) = wait_for { (rows('obituaries', 'obituaries'))[0] } 'its obituary';
deferctl('show', 'obituary', $death->{worker});
like $said, qr/^killed by +an operator$/m, '... by an operator, as the obituary says';
like $said, qr/mine\.rb:5: Deferred\.delay/, '... and what it waited for';
unlike $said, qr/its Ruby was at/, '... but no line for a worker that ran no Ruby';

# --- restart, drain, stop ---
is script('restart'), 0, 'restart' or diag $said;
deferctl(qw(show info));
like $said, qr/^pid +$pid$/m, '... the process stays';
($d->{url}) = $said =~ /^listens +(\S+)$/m;
is $d->ctl('show', 'task', $task)->{task}{state}, 'cancelled', '... and tasks of before are known';
is deferctl('drain'), 0, 'drain';
is $d->call('hello')->{status}, 503, '... new tasks are refused';
is deferctl('undrain'), 0, 'undrain';
is $d->call('hello', { name => 'Ada' })->{status}, 200, '... and taken again';
is script('stop'), 0, 'stop';
is script('status'), 3, '... stopped';
ok !-e $d->socket && !-e "$dir/run/pid", '... no file is left in its run folder';
is_deeply [$d->leftovers], [], '... and no process';
is deferctl(qw(show info)), 69, 'deferctl then';
like $said, qr/deferd does not run/, '... says that it does not run';
done_testing;
