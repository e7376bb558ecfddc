#!/usr/bin/perl
# The cases in t/rb/cases: files of handlers with what they must do as comments, run in a
# bare engine on a clock of its own. See t/rb/drive.c.
use strict;
use warnings;
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my $filter = shift // '';

for my $case (sort glob "$top/t/rb/cases/*.rb") {
	my ($name) = $case =~ m{([^/]+)\.rb$};
	next if index($name, $filter) < 0;
	subtest $name => sub {
		my @lines = `"$build/t/rb/drive" "$case" 2>&1`;
		is($? >> 8 || $? & 127, 0, 'exit status');
		for my $line (@lines) {
			chomp $line;
			if ($line =~ /^(not )?ok \d+ - (.*)/) {
				ok(!$1, $2);
			} elsif ($line =~ /^# ?(.*)/) {
				diag($1);
			}
		}
		like($lines[-1] // '', qr/^1\.\.\d+$/, 'ran to its end');
	};
}
done_testing;
