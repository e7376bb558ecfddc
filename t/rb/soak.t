#!/usr/bin/perl
# t/rb/cases/soak.rb under the policies for detached deferreds that are not the default.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my $dir = tempdir(CLEANUP => 1);

open my $in, '<', "$top/t/rb/cases/soak.rb" or die "soak.rb: $!";
my $text = do { local $/; <$in> };
for my $policy (qw(warn fail)) {
	open my $out, '>', "$dir/$policy.rb" or die;
	print $out "# conf: detached=$policy\n$text";
	close $out;
	my $said = `"$build/t/rb/drive" "$dir/$policy.rb" 2>&1`;
	ok($? == 0 && $said =~ /^ok 2 - grow/m, $policy) or diag($said);
}
done_testing;
