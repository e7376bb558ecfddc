package Program;
use strict;
use warnings;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(build is_alive program program_path slurp spill wait_for);

=head1 NAME

Program - runs the programs of the build, reads and writes files, waits for conditions

=head1 FUNCTIONS

=over

=item program($name, @words)

Runs deferd, deferctl, ... to its end, 20 s at most: { status, out, err }. A status of 128 and
more: the signal. A reference among the words is the environment.

=item wait_for { condition } 'what', $seconds

Waits until the block is true and returns what it said; dies after 10 s.

=item build, program_path($name)

The folder where make ran (C<$DEFERD_BUILD>, else F<build>, else the tree); a program in it.

=item is_alive($pid)

There is such a process and it is no zombie.

=item slurp($path), spill($path, $text)

A file's text, empty when there is none; writes one and returns its path.

=back

=cut

sub wait_for(&;$$) {
	my ($try, $what, $seconds) = @_;
	my $end = time + ($seconds // 10);
	while (1) {
		my $got = $try->();
		return $got if $got;
		croak 'never came: ' . ($what // 'a condition') if time > $end;
		sleep 0.01;
	}
}

sub build {
	return $ENV{DEFERD_BUILD} if $ENV{DEFERD_BUILD};
	my $top = abs_path(__FILE__) =~ s{/t/lib/[^/]*$}{}r;
	return -d "$top/build" ? "$top/build" : $top;
}

sub program_path {
	my ($name) = @_;
	return build() . ($name eq 'deferd-worker' ? '/worker/' : '/supervisor/') . $name;
}

sub program {
	my ($name, @words) = @_;
	my ($env) = grep { ref } @words;
	my $dir = tempdir('deferd-run-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/out";
		open STDERR, '>', "$dir/err";
		%ENV = (DEFERD_WORKER => program_path('deferd-worker'), %ENV, %{ $env // {} });
		exec { program_path($name) } $name, grep { !ref } @words or POSIX::_exit(127);
	}
	my $end = time + 20;
	until (waitpid $pid, WNOHANG) {
		kill KILL => $pid if time > $end;
		sleep 0.005;
	}
	my %r = (status => $? & 127 ? 128 + ($? & 127) : $? >> 8);
	$r{$_} = slurp("$dir/$_") for qw(out err);
	remove_tree($dir);
	return \%r;
}

sub is_alive {
	my ($pid) = @_;
	return slurp("/proc/$pid/stat") =~ /^\d+ \(.*\) [^ZX] /s;
}

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or return '';
	local $/;
	return <$f> // '';
}

sub spill {
	my ($path, $text) = @_;
	open my $f, '>', $path or die "$path: $!";
	print $f $text;
	close $f or die "$path: $!";
	return $path;
}

1;
