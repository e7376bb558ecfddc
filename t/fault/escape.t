#!/usr/bin/perl
# Handlers with blockingIo that try to get out: each way is refused as an error of that
# handler, with Landlock and without, and the worker lives on.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Program qw(program_path spill);
use Test::More;

my $refused = qr/^refused: /;

# What each way says: anywhere; and on a kernel without Landlock, where that differs.
my %outcome = (
	'read own' => [qr/^# Handlers/],
	'read allowed' => [qr/^inside/],
	'read elsewhere' => [$refused, qr/^root:/],
	'IO.read' => [$refused, qr/^root:/],
	'open' => [$refused, qr/^root:/],
	'sysopen' => [$refused, qr/^\d+$/],
	'read by ..' => [$refused, qr/^secret/],
	'read by link' => [$refused, qr/^secret/],
	'read config' => [$refused, qr/apps/],
	'write readable' => [$refused],
	'write allowed' => [qr/^1$/, $refused],
	'append allowed' => [qr/^1$/, $refused],
	'delete allowed' => [qr/^1$/, $refused],
	'write handlers' => [$refused],
	'write elsewhere' => [$refused],
	'delete elsewhere' => [$refused],
	'symlink' => [$refused],
	'rename' => [$refused],
	'chmod' => [$refused],
	'popen' => [$refused],
	'backtick' => [$refused],
	'control socket' => [$refused],
	'unix server' => [$refused],
	'tcp server' => [$refused],
	'raw socket' => [$refused],
	'packet socket' => [$refused],
	'environment' => [with_asan() ? qr/DEFERD_TEST/ : $refused, qr/DEFERD_TEST/],
	'own memory' => [$refused],
	'stdin' => [qr/^$/],
	'a pipe' => [qr/^x$/],
	'names' => [qr/^1$/],
	'local time' => [qr/^1$/],
);

sub prepare {
	my ($old, %config) = @_;
	my %env = $old ? (DEFERD_WORKER => "$ENV{DEFERD_BUILD}/t/fault/oldkernel", OLDKERNEL => $old,
		OLDKERNEL_WORKER => program_path('deferd-worker')) : ();
	my $files = delete $config{files}
		// [{ path => '{dir}/r' }, { path => '{dir}/w', mode => 'write' }];
	my $d = Deferd->prepare(handlers => "$FindBin::Bin/escape", env => \%env, config => {
		workers => 1, apps => [{ id => 'demo', keys => { master => 'master-key' },
			handlers => "$FindBin::Bin/escape", blockingIo => JSON::PP::true, files => $files }],
		%config });
	my $dir = $d->dir;
	mkdir "$dir/$_" for qw(r w);
	spill("$dir/secret", 'secret');
	spill("$dir/r/x", 'inside');
	symlink "$dir/secret", "$dir/r/link";
	return $d;
}

sub try_all {
	my ($d, $column, $name) = @_;
	my $dir = $d->dir;
	my @ways = @{ $d->call('escapes')->{json}{result} };
	is_deeply [sort @ways], [sort keys %outcome], "$name: every way is known";
	for my $way (@ways) {
		my $r = $d->call(escape => { way => $way, dir => $dir, socket => $d->socket,
			config => $d->config, own => "$FindBin::Bin/escape/escape.rb" });
		my $want = $outcome{$way}[$column] // $outcome{$way}[0];
		like $r->{json}{result} // $r->{body}, $want, "$name: $way";
	}
	my @made = grep { -e || -l } "$dir/new", "$dir/w/l", "$FindBin::Bin/escape/escape.rb.new.rb";
	is_deeply \@made, [], "$name: nothing was made outside";
	ok -e "$dir/secret", "$name: nothing was taken";
	is metric($d, 'deferd_workers_died_total'), 0, "$name: no worker died of it";
	return;
}

sub sandbox_of {
	my ($d) = @_;
	return ($d->ctl(qw(show apps))->{apps}[0]{sandbox} // '') =~ s/landlock \d+/landlock/r;
}

my $d = prepare('')->launch->wait_ready;
my $here = sandbox_of($d);
SKIP: {
	skip "this kernel has no Landlock (sandbox: $here)", 1 if $here !~ /landlock/;
	is $here, 'seccomp, landlock', 'show apps says what confines the app';
	try_all($d, 0, 'Landlock');
	unlike $d->log, qr/ warn: app demo: sandbox/, 'nothing is lacking';
}

# --- what is said to STDOUT and the like becomes the task's log ---
my $id = $d->call('say')->{json}{id};
my @said = $d->log =~ m{^\S+ \S+ (\w+: demo/say: task \S+, attempt 1: .*)$}mg;
s/: demo.*attempt 1//  for @said;
is_deeply \@said, [(map { "info: $_" } 'from STDOUT', 'from $stdout'), 'error: from $stderr',
	'error: from STDERR', (map { "info: $_" } 'from puts', 'from print', ':p', 'from descriptor 1',
	'and again')], 'what a handler prints is its task\'s log';
like $id, qr/^[0-9a-f-]{36}$/, '... of that task';
unlike $d->log, qr/^(?:from|and again)/m, '... and not loose text between the lines';
is $d->call(flood => { n => 500 })->{json}{result}, 'said', '500 KB in one burst do not block';
like $d->log, qr/the task's log is over its limit of 65536 bytes/, '... and are cut at limits.log';
$d->call(flood => { n => 5000 });
is $d->call(escape => { way => 'a pipe' })->{json}{result}, 'x', '5 MB neither';
like $d->deferctl(qw(show info))->{out}, qr/^app .*, sandbox: \Q$here\E/m, 'show info says it, too'
	if $here !~ /landlock/;
$d->stop_ok;

# --- a kernel without Landlock ---
$d = prepare('landlock')->launch->wait_ready;
is sandbox_of($d), 'seccomp', 'no Landlock: show apps says so';
like $d->log, qr/ warn: app demo: sandbox: this kernel has no Landlock: the user's rights/,
	'... the log says what that means';
try_all($d, 1, 'no Landlock');
my $lines = () = $d->log =~ / warn: app demo: sandbox: /g;
$d->signal('HUP');
$d->log_has(qr/ info: reloaded: /);
is scalar(() = $d->log =~ / warn: app demo: sandbox: /g), $lines, '... once, not with every reload';
$d->stop_ok;

# --- a kernel without seccomp ---
$d = prepare('seccomp')->launch->wait_ready;
is sandbox_of($d), $here =~ /landlock/ ? 'landlock' : 'off', 'no seccomp: show apps says so';
like $d->log, qr/ warn: app demo: sandbox: .*no seccomp filter can be set/, '... and the log';
$d->stop_ok;

# --- on: all of it or nothing ---
for my $old (qw(landlock seccomp)) {
	my $r = prepare($old, sandbox => 'on')->check('-t');
	is $r->{status}, 78, "on, without $old: refused";
	like $r->{err}, qr/^demo: .*sandbox is on, but .*: set it to auto to run without/m, '... and why';
}
SKIP: {
	skip "this kernel has no Landlock (sandbox: $here)", 1 if $here !~ /landlock/;
	$d = prepare('', sandbox => 'on')->launch->wait_ready;
	is sandbox_of($d), $here, 'on, with both: it runs';
	$d->stop_ok;
	my $r = prepare('', files => [{ path => '/no/such/file' }])->check('-t');
	is $r->{status}, 78, 'a file that is not there: refused';
	like $r->{err}, qr{^demo: .*apps\[\]\.files: /no/such/file: No such file}m, '... and why';
}

# --- off ---
$d = prepare('', sandbox => 'off')->launch->wait_ready;
is sandbox_of($d), 'off', 'off: show apps says so';
like $d->call(escape => { way => 'read elsewhere' })->{json}{result}, qr/^root:/,
	'... any file can be read';
unlike $d->log, qr/ warn: app demo: sandbox/, '... and nobody is warned';
$d->stop_ok;

done_testing;
