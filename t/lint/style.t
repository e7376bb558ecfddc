#!/usr/bin/perl
# style.t: what the eye stumbles over, and what must not get into the tree.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

# Complaints "file:line: why" about lines that match, in the files given.
sub grep_lines {
	my ($pattern, $why, @in) = @_;
	my @bad;
	for my $file (@in) {
		my $n = 0;
		for (lines($file)) {
			$n++;
			push @bad, "$file:$n: $why: $_" if $_ =~ $pattern;
		}
	}
	return @bad;
}

my @all = files(qr{.});
my @text = grep { !m{^t/fuzz/seeds/} } @all;
my @ours = grep { $_ ne 't/lint/style.t' } @text;

SKIP: {
	my ($version) = (`clang-format --version 2>/dev/null` // '') =~ /version (\d+)/;
	skip 'clang-format is not installed', 1 if !$version;
	skip "clang-format is of version $version, the style is written for 14", 1 if $version < 14;
	my @c = files(qr{\.c$});
	my @bad;
	for my $file (@c) {
		my $out = `clang-format --dry-run "$TOP/$file" 2>&1`;
		push @bad, "$file:$1: run clang-format -i on it" if $out =~ /:(\d+):\d+: warning/;
	}
	verdict 'clang-format has nothing to say', scalar(@c), @bad;
}

my $notes = join '|', map { join '', @$_ } ['TO', 'DO'], ['FIX', 'ME'], ['X', 'XX'];
verdict 'no notes to self', scalar(@ours), grep_lines(qr/\b(?:$notes)\b/, 'do it or leave it', @ours);
verdict 'no blanks at the end of a line', scalar(@text),
    grep_lines(qr/[ \t\r]$/, 'trailing blank', grep { !m{^LICENSE$} } @text);

# A short pause between two looks at a condition is no bare sleep; handlers (.rb) are not the
# tests themselves.
my @tests = grep { m{^t/[^/]+/} && !m{^t/(?:lib|lint)/|\.rb$} } @text;
my @sleeps;
for my $file (@tests) {
	my $n = 0;
	for (lines($file)) {
		$n++;
		my ($call, $time) = /^(?!\s*(?:#|\*|\/\*)).*(?<![\w.:'"`-])(u?sleep|nanosleep)[\s(]+([\d.]+|\$\w+)/ or next;
		my $longest = $call eq 'usleep' ? 50000 : 0.05;
		push @sleeps, "$file:$n: a bare sleep: $_" if $time =~ /\$/ || $time > $longest;
	}
}
verdict 'tests wait for conditions, not for time', scalar(@tests), @sleeps;

# Nothing may need, or tell of, the machine that it was made on.
my $hosts = join '|', 'registry\.', 'npm' . 'js\.', 'pypi\.', 'rubygems\.', 'proxy\.golang';
verdict 'no registry host', scalar(@ours), grep_lines(qr{\b(?:$hosts)}, 'a registry host', @ours);
verdict 'no path of one machine', scalar(@ours),
    grep_lines(qr{(?<![\w.\$\}])/(?:work|root|home/\w+|tmp/w|Users)(?:/|\b(?!\w))}, 'a path of one machine', @ours);

my @scripts = files(qr{^t/(?:lint|e2e|fault|client|rb)/[^/]+\.t$});
verdict 'scripts are executable', scalar(@scripts),
    map { "$_: chmod +x it, or t/run does not see it" } grep { !-x "$TOP/$_" } @scripts;

# A .c file whose header says it need not.
my @rooms = files(qr{^(?:common|supervisor|worker)/.*\.(?:c|h|def)$});
my %silent = map { $_ => 1 } grep { slurp($_) !~ m{\A/\*} } @rooms;
verdict 'rooms say what they are for', scalar(@rooms),
    map { "$_: begins without a comment" }
    grep { my $header = s/\.c$/.h/r; $header eq $_ || !-f "$TOP/$header" || $silent{$header} }
    sort keys %silent;

done_testing;
