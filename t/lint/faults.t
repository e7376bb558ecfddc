#!/usr/bin/perl
# faults.t: the error table of deferd-http(7) is fault.def's, row by row.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

my $page = slurp('man/deferd-http.7');
my @rows = slurp('supervisor/fault.def') =~
    /^FAULT\((\w+),\s*(\d+),\s*"([^"]+)",\s*(\d+),\s*(-?\d+),\s*(\d+),\s*(-?\d+),\s*[01],/gm;
my @faults = map { [@rows[7 * $_ .. 7 * $_ + 6]] } 0 .. @rows / 7 - 1;
my @shown = $page =~ /^\.It [^\n]+? Ta (\d+ \w+ Ta \d+, -?\d+ Ta \d+(?:, -?\d+)?)$/gm;

sub row_text {
	my ($name, $native, $code, @other) = @$_;
	my $parse = $other[3] ? "$other[2], $other[3]" : $other[2];
	return "$native $code Ta $other[0], $other[1] Ta $parse";
}

is scalar(@faults), scalar(() = slurp('supervisor/fault.def') =~ /^FAULT\(/gm), 'every row was read';
is_deeply [@shown], [map { row_text } @faults], 'deferd-http(7) has the rows in their order';
done_testing;
