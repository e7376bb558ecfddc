#!/usr/bin/perl
# Many tasks of many kinds in one engine: what they leave in memory, and what a task takes
# that is suspended.
#
#   t/rb/mass.t [TASKS]     (100,000)
use strict;
use warnings;
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my $tasks = shift // 100000;
# A sanitizer keeps what is freed, and is slow.
my $sanitized = `nm "$build/t/rb/mass" 2>/dev/null` =~ /__asan_init|__ubsan_handle/;
$tasks = 2000 if $sanitized;

sub mass {
	my %got = map { /^(\w+) (\d+)$/ ? ($1, $2) : () } `"$build/t/rb/mass" $_[0] "$top/t/rb/mass.rb" $_[1] 2>&1`;
	is($?, 0, "$_[0]: exit status");
	return \%got;
}

my $m = mass('tasks', $tasks);
is($m->{ended}, $tasks, "$tasks tasks ended");
SKIP: {
	skip 'RSS says nothing of a build with a sanitizer', 2 if $sanitized;
	# 2 % of some 4 MB are 20 pages.
	cmp_ok($m->{most}, '<=', $m->{first} * 1.02, "RSS is flat from task @{[$tasks / 20]} on: $m->{first}, at most $m->{most}");
	cmp_ok($m->{most}, '<', 8 << 20, 'and small');
}
my $f = mass('fibers', 10000);
is($f->{parked}, 10000, '10,000 handlers await at once');
is($f->{ended}, 10001, 'and end');
SKIP: {
	skip 'RSS says nothing of a build with a sanitizer', 1 if $sanitized;
	cmp_ok($f->{rss} / 10000, '<', 4096, sprintf '%.0f bytes each, all that belongs to the task included', $f->{rss} / 10000);
}
done_testing;
