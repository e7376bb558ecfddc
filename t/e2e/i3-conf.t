#!/usr/bin/perl
# i3-conf.t: the files around the daemon: the unit, rotation, folders, completion.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Program qw(build program program_path slurp spill);
use File::Temp qw(tempdir);
use Test::More;

my $top = "$FindBin::Bin/../..";
my $dir = tempdir('deferd-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub has_tool {
	my ($tool) = @_;
	return scalar grep { -x "$_/$tool" } split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin';
}

# --- paths ---
for my $file (qw(deferd.init deferd.service)) {
	my $text = slurp(build() . "/conf/$file");
	like $text, qr{/sbin/deferd\b}, "$file names the program";
	unlike $text, qr{\@\w+\@|\$\{(?:exec_)?prefix\}}, '... and has no gap';
}
is system('/bin/sh', '-n', build() . '/conf/deferd.init'), 0, 'sh can read the init script';

# --- the unit ---
my $unit = slurp(build() . '/conf/deferd.service');
my %set = $unit =~ /^(\w+)=(.*)$/mg;
is $set{Type}, 'notify', 'the unit waits for READY=1';
is $set{NotifyAccess}, 'main', '... from the supervisor alone';
is $set{KillMode}, 'mixed', '... which tells its workers itself';
cmp_ok $set{WatchdogSec}, '>', 0, '... is watched';
is $set{RestartPreventExitStatus}, '64 78', '... and not restarted in vain';
like $set{RestrictAddressFamilies}, qr/AF_UNIX/, '... may talk to its workers';
my ($start) = $unit =~ /^ExecStart=\S+\/deferd (.*)$/m;
my @words = split ' ', $start;
my $config = spill("$dir/deferd.yaml", "apps:\n  - id: demo\n    handlers: $dir\n    keys: {rest: rest-key}\n");
my @tried = map { m{/deferd\.yaml$} ? $config : m{\.pid$} ? "$dir/pid" : $_ } @words;
is program('deferd', @tried, '-t')->{status}, 0, 'deferd understands the options of ExecStart';
my @bad = has_tool('systemd-analyze') ? `systemd-analyze verify @{[build()]}/conf/deferd.service 2>&1` : ();
# it looks for the program where it would be installed
is join('', grep { !/is not executable|No such file|Command 'man / } @bad), '', 'systemd finds nothing wrong in it';

# What the unit lets through, groups spelt out: workers must be able to confine themselves,
# and to do what they may do then.
SKIP: {
	skip 'no systemd-analyze', 3 if !has_tool('systemd-analyze');
	my %let_through;
	my @to_do = map { split ' ' } $unit =~ /^SystemCallFilter=(.*)$/mg;
	while (defined(my $name = shift @to_do)) {
		next if $let_through{$name}++ || $name !~ /^\@/;
		push @to_do, grep { /^\@?\w/ } map { s/^\s+|\s+$//gr } `systemd-analyze syscall-filter $name | tail -n +2`;
	}
	is_deeply [grep { !$let_through{$_} } qw(seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self)],
	    [], 'workers can confine themselves under the unit';
	my @calls = slurp("$top/worker/sysfilter.def") =~ /\bCALL\((?:FREE|WRITING), (\w+)/g;
	cmp_ok scalar(@calls), '>', 20, '... and do what they may then';
	is join(' ', grep { $_ ne 'ptrace' && !$let_through{$_} } @calls), '', '... all of it (ptrace is a sanitizer\'s)';
}

# --- folders and rotation ---
like slurp("$top/conf/deferd.sysusers"), qr/^u deferd - /m, 'the user is made';
like slurp("$top/conf/deferd.tmpfiles"), qr{^d /run/deferd 0755 deferd deferd}m, '... and its folder';
like slurp("$top/conf/deferd.tmpfiles"), qr{^d /var/lib/deferd 0750 deferd deferd}m, '... and the folder of the store';
is $set{StateDirectory}, 'deferd', '... which the unit makes, too';
like slurp("$top/conf/deferd.logrotate"), qr{kill -USR1 "\$\(cat /run/deferd/deferd\.pid\)"}, 'rotation sends USR1';
for my $name (slurp(build() . '/conf/deferd.init') =~ /\$\{(DEFERD_\w+):=/g) {
	next if $name eq 'DEFERD_DEFAULTS' || $name eq 'DEFERD_PROGRAM';
	like slurp("$top/conf/deferd.default"), qr/^#$name=/m, "deferd.default shows $name";
}

# --- completion ---
sub complete {
	my (@line) = @_;
	my $text = join ' ', map { "'$_'" } program_path('deferctl'), @line;
	my $last = @line;
	my @got = `bash -c '. $top/conf/deferctl.bash; COMP_WORDS=("\$@"); COMP_CWORD=$last; _deferctl; printf "%s\\n" "\${COMPREPLY[@]}"' bash $text`;
	chomp @got;
	return [sort grep { length } @got];
}

my @syntaxes = slurp("$top/common/command.def") =~ /^COMMAND\(\s*"([^"]+)"/mg;
cmp_ok scalar(@syntaxes), '>', 5, 'commands';
my %first;
$first{ (split ' ')[0] } = 1 for @syntaxes;
is_deeply complete(''), [sort keys %first], 'the first word: every command';
for my $syntax (@syntaxes) {
	my @fixed = split ' ', $syntax =~ s/ *[\[A-Z].*//r;
	for my $i (0 .. $#fixed) {
		my $start = substr $fixed[$i], 0, -1;
		ok scalar(grep { $_ eq $fixed[$i] } @{ complete(@fixed[0 .. $i - 1], $start) }),
		    "... @fixed[0 .. $i - 1] $start";
	}
}
is_deeply complete(qw(show tasks), ''), [qw(app lane limit name state)], 'options';
is_deeply complete(qw(show tasks la), ''), [qw(low main)], '... and their values, after a short word';
is_deeply complete(qw(show tasks lane low st)), ['state'], '... in any order';
is_deeply complete(qw(-s x -j sh ta)), [qw(task tasks)], '... after options of deferctl';
is_deeply complete(qw(help show ta)), [qw(task tasks)], '... of help';
is_deeply complete('frob', ''), [], 'nothing for what is no command';
done_testing;
