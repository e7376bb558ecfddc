#!/usr/bin/perl
# The engine and mruby under valgrind: no bad access, nothing lost. Suppressed is only what
# t/valgrind.supp lists, for libmruby and NNG.
use strict;
use warnings;
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
plan skip_all => 'valgrind is not installed' if system('valgrind --version >/dev/null 2>&1');
plan skip_all => 'a build with a sanitizer' if `nm "$build/t/rb/drive" 2>/dev/null` =~ /__asan_init|__ubsan_handle/;

open my $supp, '<', "$top/t/valgrind.supp" or die "t/valgrind.supp: $!";
my $entries = grep { /^\{/ } <$supp>;
cmp_ok($entries, '<=', 10, 'at most 10 suppressions');

for my $name (qw(hello deferred detached detached_fail detached_warn call time_out service suspend names backtrace detached_own json limits load_syntax load_raise)) {
	my $out = `valgrind -q --error-exitcode=99 --leak-check=full --suppressions="$top/t/valgrind.supp" "$build/t/rb/drive" "$top/t/rb/cases/$name.rb" 2>&1`;
	is($?, 0, $name) or diag($out);
}
# And the process itself, over its sockets: t/unit/worker sees the exit status.
local $ENV{DEFERD_BUILD} = $build;
local $ENV{T_VALGRIND} = "--suppressions=$top/t/valgrind.supp";
for my $test (qw(runs_a_batch beats)) {
	my $out = `"$build/t/unit/worker" $test 2>&1`;
	ok(!$? && $out !~ /^==/m, "worker $test") or diag($out);
}
done_testing;
