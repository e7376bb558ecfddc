#!/usr/bin/perl
# Promises/A+ 1.1, clause by clause: the files in t/rb/aplus, each in an engine of its own.
# The name of every test begins with its clause; each clause has its tests, and what a
# clause means in Ruby, where that is not plain, is said below and in deferd-handlers(7).
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my $dir = tempdir(CLEANUP => 1);

# Every clause that can be tested, with the least number of tests: as many as the
# specification's own suite (872 in all) has, but where a reading below says why not.
my %clauses = (
	'2.1.1.1' => 1, '2.1.2.1' => 6, '2.1.2.2' => 1, '2.1.3.1' => 6, '2.1.3.2' => 1,
	'2.2.1.1' => 10, '2.2.1.2' => 10,
	'2.2.2.1' => 3, '2.2.2.2' => 2, '2.2.2.3' => 6, '2.2.3.1' => 3, '2.2.3.2' => 2, '2.2.3.3' => 6,
	'2.2.4' => 16, '2.2.5' => 4, '2.2.6.1' => 15, '2.2.6.2' => 15,
	'2.2.7' => 1, '2.2.7.1' => 1, '2.2.7.2' => 54, '2.2.7.3' => 18, '2.2.7.4' => 18,
	'2.3.1' => 2, '2.3.2.1' => 2, '2.3.2.2' => 4, '2.3.2.3' => 4,
	'2.3.3.1' => 6, '2.3.3.2' => 22, '2.3.3.3' => 4, '2.3.3.3.1' => 396, '2.3.3.3.2' => 44,
	'2.3.3.3.3' => 34, '2.3.3.3.4.1' => 12, '2.3.3.3.4.2' => 6, '2.3.3.4' => 10, '2.3.4' => 24,
);
# What a clause means in Ruby.
my @readings = (
	['2.2.1', 'what has a method call is a function'],
	['2.2.5', 'there is no this: a block has the self of where it stands'],
	['2.2.7.2', 'only exceptions can be raised, of any class; other reasons come from reject'],
	['2.3.3', 'everything but nil, true, false, numbers and Symbols is an object'],
	['2.3.3.1', 'a method is not fetched: the object is asked once whether it has one, by respond_to? if that is its own'],
	['2.3.3.2', 'there are no getters: respond_to? or respond_to_missing? of its own raises'],
	['2.3.3.3', 'there is no this: the method is called on the object'],
	['2.3.3.3.1', 'undefined and null are one, nil; a thenable has no prototype to vary'],
	['2.3.3.4', 'a method can always be called: an object without it, or one that denies it, is a value'],
	['2.3.4', 'there is no undefined, and no prototype: even if Integer has a method then, 5 is a value'],
);

my %seen;
my $tools = slurp("$top/t/rb/aplus/tools.rb");
for my $file (grep { !/tools/ } sort glob "$top/t/rb/aplus/*.rb") {
	my ($name) = $file =~ m{([^/]+)\.rb$};
	open my $out, '>', "$dir/$name.rb" or die "$name.rb: $!";
	print $out $tools, slurp($file), "# every: 2.\n";
	close $out;
	my @lines = `"$build/t/rb/drive" "$dir/$name.rb" 2>&1`;
	subtest $name => sub {
		is($?, 0, 'exit status');
		for (@lines) {
			chomp;
			if (/^(not )?ok \d+ - (([\d.]+\d)? ?.*)/) {
				ok(!$1, $2);
				$seen{$3}++ if $3;
			} else {
				diag($_) unless /^1\.\./;
			}
		}
		cmp_ok(scalar(@lines), '>', 10, 'ran');
	};
}

for my $clause (sort keys %clauses) {
	my $n = $seen{$clause} // 0;
	cmp_ok($n, '>=', $clauses{$clause}, "$clause: $n tests");
}
is(join(' ', grep { !$clauses{$_} && !grep { $_->[0] } @readings } sort keys %seen), '', 'no test of an unknown clause');
my $man = slurp("$top/man/deferd-handlers.7");
$man =~ s/\n/ /g;
for my $reading (@readings) {
	my ($clause, $text) = @$reading;
	ok(index($man, ".It $clause $text.") >= 0, "in Ruby, $clause: $text");
}
my $all = 0;
$all += $_ for values %seen;
note("$all tests of ", scalar(keys %clauses), ' clauses; ', scalar(@readings), ' clauses read in the Ruby way');
done_testing;

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or die "$path: $!";
	local $/;
	return <$f>;
}
