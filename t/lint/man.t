#!/usr/bin/perl
# man.t: mandoc finds nothing to complain about.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

plan skip_all => 'mandoc is not installed' if !grep { -x "$_/mandoc" } split /:/, $ENV{PATH};

my @pages = files(qr{^man/});
verdict 'man pages', scalar(@pages);
for my $page (@pages) {
	my @said = `mandoc -T lint -W warning "$TOP/$page" 2>&1`;
	s{\Q$TOP\E/}{} for @said;
	verdict $page, 1, map { s/\s+$//r } @said;
}

done_testing;
