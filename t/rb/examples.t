#!/usr/bin/perl
# The examples of deferd-handlers(7) do what the page says, and its section CLASSES AND
# METHODS lists what the interpreter has, both ways; each of these is used by an example
# that was run.
#
# A mark in the page's source says how an example is run: .\" example: test, as a file of
# tests; or outcome, as handlers with what they end with in a comment.
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use Page;
use Program qw(program slurp spill);
use Test::More;

my $top = $ENV{DEFERD_TOP} // "$FindBin::Bin/../..";
my $page = 'deferd-handlers.7';
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->allow_nonref->canonical;
mkdir "$dir/lib";
spill("$dir/lib/price.rb", "module Price\n  def self.of(count)\n    count * 10\n  end\nend\n");

sub run {
	my ($what, $text) = @_;
	spill("$dir/example.rb", $text);
	my $r = program('deferd-worker', {}, '-t', "$dir/example.rb");
	is $r->{status}, 0, $what or diag $r->{out};
	return $r->{out};
}

# What the comment says, as a test: "done: 5, after 0.05 s", "fails: 101, not found".
sub outcome_test {
	my ($text) = @_;
	my ($name) = $text =~ /^Cloud\.function "(\w+)"/m;
	my $ruby = 'test("it ends so") { o = reply("' . $name . '"); ';
	if ($text =~ /^end +# done: (.+?)(?:, after ([\d.]+) s)?$/m) {
		my ($value, $after) = ($1 =~ s/\bnil\b/null/gr, $2);
		$json->decode($value);
		$ruby .= "assert_equal JSON.parse(%q($value)), o.value; ";
		$ruby .= "assert_equal $after, o.seconds; " if $after;
	} elsif ($text =~ /^end +# fails: (\d+), (.+)$/m) {
		$ruby .= "assert_equal [$1, %q($2)], [o.code, o.message]; ";
	} else {
		die "no outcome: $text";
	}
	return "$text\n$ruby}\n";
}

my $used = page_section($page, 'HTTP') =~ s/.*?^(Cloud\.function "weather".*?)^\.Ed.*/$1/msr; # run by w4-pages.t
my $n = 0;
for (page_marked($page, 'example')) {
	my ($kind, $text) = @$_;
	run('example ' . ++$n . ': ' . ($text =~ /"(\w+)"/)[0], $kind eq 'outcome' ? outcome_test($text) : $text);
	$used .= $text;
}
cmp_ok $n, '>', 20, 'there are examples';
my $commented = () = page_source($page) =~ /^end +# (?:done|fails):/mg;
is scalar(grep { $_->[0] eq 'outcome' } page_marked($page, 'example')), $commented, 'none with an outcome is left out';

# --- what the page lists ---
my (%listed, $row);
for (split /\n/, page_section($page, 'CLASSES AND METHODS')) {
	last if /^\.El/;
	$row = $1 if /^\.It (\S+)$/;
	push @{ $listed{$row} }, grep { $_ ne ',' } split / /, $1 if $row && /^\.Ic (.+)$/;
}

# --- what there is: the methods of our modules, and of their objects ---
my @ruby = map { slurp($_) } glob "$top/worker/rb/*.rb";
my @kernel = map { /^  def (\w+)/mg } map { /^module Kernel\n(.*?)^end$/msg } @ruby;
spill("$dir/methods.rb", <<'RUBY');
test "methods" do
  modules = [Cloud, Deferred, HTTP, Events, Services, JSON]
  [Cloud, Deferred, HTTP].each do |m|
    m.constants.each { |c| modules << m.const_get(c) if m.const_get(c).is_a?(Module) }
  end
  modules.each do |m|
    troubles << "#{m}. #{m.singleton_methods(false).join(' ')}"
    troubles << "#{m}# #{m.instance_methods(false).join(' ')}" if m.is_a?(Class)
  end
end
RUBY
# Ruby's own words, what deferd keeps for itself, and what is refused until it is there.
my %own = map { $_ => 1 } qw(inspect to_s freeze initialize initialize_copy method_added attr_reader attr_writer
	attr_accessor sleep require require_relative type);
my %there = ('Kernel#' => [grep { !$own{$_} } @kernel], 'Time.' => ['iso8601'], 'Time#' => ['iso8601']);
for (split /\n/, program('deferd-worker', {}, '-t', "$dir/methods.rb")->{out}) {
	my ($whose, $names) = /^# (\S+[.#]) (.+)$/ or next;
	my @names = grep { !/^_|^(?:before|after)(?:_|$)/ && !$own{$_} } split / /, $names;
	$there{$whose} = \@names if @names && $whose !~ /^HTTP::Stream/;
}
cmp_ok scalar(keys %there), '>', 15, 'the interpreter tells what it has';
for my $whose (sort keys %there, grep { !$there{$_} } keys %listed) {
	is join(' ', sort @{ $listed{$whose} // [] }), join(' ', sort @{ $there{$whose} // [] }), "$whose has these methods";
	my @unused = grep { $_ eq '[]' ? $used !~ /\w\["/ : $used !~ /(?<![\w"])\Q$_\E(?![\w"?])/ } @{ $listed{$whose} // [] };
	is "@unused", '', "$whose: each is in an example";
}
done_testing;
