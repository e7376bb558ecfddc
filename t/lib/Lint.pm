# Lint: what the tests of t/lint share: the tree's own files, without what was built or
# fetched.
package Lint;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find;
use Test::More;

our @EXPORT = qw($TOP files slurp lines verdict);
our $TOP = abs_path(dirname(abs_path(__FILE__)) . '/../..');

my %foreign = map { $_ => 1 } qw(.git node_modules build-aux autom4te.cache .deps);
my @roots = qw(.ci common conf man supervisor t worker);
my @at_top = qw(.clang-format .gitignore LICENSE Makefile.am README bootstrap configure.ac);

# Paths, relative to the top, of the files whose path matches; sorted.
sub files {
	my ($pattern) = @_;
	my @found = grep { -f "$TOP/$_" } @at_top;
	my $wanted = sub {
		if (-d && ($foreign{$_} || /^_?build/)) {
			$File::Find::prune = 1;
			return;
		}
		push @found, $File::Find::name =~ s{^\Q$TOP\E/}{}r if -f && !-l;
	};
	find($wanted, grep { -d } map { "$TOP/$_" } @roots);
	# what a build inside the tree leaves behind
	@found = grep { !/\.(?:o|a|log|trs)$|^worker\/prelude\.c$/ && !-B "$TOP/$_" } @found;
	return sort grep { $_ =~ $pattern } @found;
}

sub slurp {
	my ($path) = @_;
	open my $in, '<', "$TOP/$path" or die "$path: $!\n";
	local $/;
	my $text = <$in>;
	return $text // '';
}

sub lines {
	my ($path) = @_;
	return split /\n/, slurp($path);
}

# One test: it passes when the list of complaints is empty, and prints them otherwise.
# $seen is how much was looked at: nothing is no pass.
sub verdict {
	my ($name, $seen, @complaints) = @_;
	if (!$seen) {
		diag "$name: there is nothing to look at yet";
		SKIP: { skip "$name: nothing there yet", 1; }
		return;
	}
	ok !@complaints, "$name ($seen)" or diag join "\n", @complaints;
}

1;
