#!/usr/bin/perl
# sizes.t: files of at most 400 lines, functions of at most 60. A test's function may be
# one long table.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

my ($file_max, $function_max, $median_max) = (400, 60, 15);

my @sources = files(qr{\.(?:c|h|def|rb|pm|pl|t|js|mjs|sh)$|^bootstrap$|^t/(?:run|demo)$|^t/bench/run$});
verdict "files have at most $file_max lines", scalar(@sources),
    map { "$_: " . lines($_) . ' lines: look for the missing room' }
    grep { lines($_) > $file_max } @sources;

SKIP: {
	my $version = `ctags --version 2>/dev/null` // '';
	skip 'universal-ctags is not installed', 2 if $version !~ /Universal Ctags/;
	my @c = files(qr{^(?!t/).*\.c$});
	open my $list, '-|', 'ctags', '--languages=C', '--kinds-C=f', '--fields=+ne', '--sort=no',
	    '-f', '-', map { "$TOP/$_" } @c or die "ctags: $!\n";
	my (@lengths, @long);
	while (<$list>) {
		my ($name, $path) = split /\t/;
		my ($first) = /\tline:(\d+)/ or next;
		my ($last) = /\tend:(\d+)/ or next;
		my $n = $last - $first + 1;
		push @lengths, $n;
		push @long, $path =~ s{^\Q$TOP\E/}{}r . ":$first: $name: $n lines" if $n > $function_max;
	}
	close $list;
	verdict "functions have at most $function_max lines", scalar(@lengths), @long;
	my $median = (sort { $a <=> $b } @lengths)[@lengths / 2] // 0;
	diag scalar(@lengths) . " functions, median $median lines, longest "
	    . ((sort { $b <=> $a } @lengths)[0] // 0);
	cmp_ok $median, '<', $median_max, "the median function has less than $median_max lines";
}

done_testing;
