#!/usr/bin/perl
# Random graphs of deferreds, run in the worker's engine and, as promises, in Node: what
# became of every node and every block, in the order in which it happened, is the same.
#
#   t/rb/graphs.t [N [SEED]]      N graphs (1,000), from that seed on (1)
#
# A graph is a list of nodes:
#   ["resolve", VALUE]  ["reject", n]  ["delay", ns, n]  ["new", [ACTION, ...]]
#   ["then", i, BLOCK, BLOCK]  ["catch", i, BLOCK]  ["finally", i, BLOCK]
#   ["all" or "any" or "race" or "settled", [VALUE, ...]]
# VALUE: n, ["node", i], ["self"], ["thenable", [ACTION, ...]], ["delay", ns, n],
#   ["reject", n], ["list", "all" ..., [VALUE, ...]]
# ACTION: [ns, "yes" or "no" or "raise", VALUE]: at once (0) or later
# BLOCK: null, 5 (ignored), ["return", VALUE], ["raise", n], ["input"]
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my ($n, $seed) = (shift // 1000, shift // 1);
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical;
# The events of each kind, so that a generator gone poor is seen.
my %seen;

plan skip_all => 'node is not installed' if system('node --version >/dev/null 2>&1');

my @graphs = map { graph($seed + $_) } 0 .. $n - 1;
my @want = reference(@graphs);
is(scalar(@want), $n, "node ran $n graphs");
my @got = deferd(\@graphs, \@want);
is(scalar(@got), $n, "deferd ran $n graphs");
my $bad = 0;
for my $i (0 .. $#got) {
	next if $got[$i] =~ /^ok/;
	next if $bad++ >= 3;
	diag("seed ", $seed + $i, ": $graphs[$i]\n$got[$i]");
}
is($bad, 0, "$n graphs do the same in deferd and in node, in the same order");
my $events = 0;
for my $log (map { @{$json->decode($_)} } @want) {
	$seen{$log->[0]}++;
	$seen{ref $log->[2] ? "$log->[0] list" : ($log->[2] // 'null') =~ /^(E|[a-zA-Z]+)/ ? "$log->[0] $1" : "$log->[0] plain"}++;
	$events++;
}
for my $kind ('b', 'f', 'r', 'f list', 'r list', 'r E', 'r TypeError', 'r thenable', 'r deferred', 'b E') {
	cmp_ok($seen{$kind} // 0, '>=', $n / 100, "$kind: " . ($seen{$kind} // 0));
}
note("$events events");
done_testing;

# --- both runs ---

sub reference {
	open my $out, '>', "$dir/graphs" or die;
	print $out "$_\n" for @_;
	close $out;
	return map { chomp; $_ } `node "$top/t/rb/graphs/reference.js" <"$dir/graphs"`;
}

# A line and what follows for each graph.
sub deferd {
	my ($graphs, $want) = @_;
	open my $in, '<', "$top/t/rb/graphs/graph.rb" or die;
	open my $out, '>', "$dir/graph.rb" or die;
	print $out do { local $/; <$in> };
	for my $i (0 .. $#$graphs) {
		print $out "# run: graph $graphs->[$i] timeout=2000000\n# want: done $want->[$i]\n";
	}
	close $out;
	my @got;
	for (`"$build/t/rb/drive" "$dir/graph.rb" 2>&1`) {
		next if /^ok 1 - loads/ || /^1\.\./;
		/^(?:not )?ok / ? push @got, $_ : ($got[-1] .= $_);
	}
	return @got;
}

# --- the generator ---

sub any { return $_[int rand @_] }

sub some_ns { return 1 + int rand 1e9 }

sub number { return int rand 100 }

# The node i may name those before it.
sub value {
	my ($i, $depth) = @_;
	my $r = rand;
	return number() if $r < 0.3;
	return ['node', int rand $i] if $r < 0.6 && $i > 0;
	return ['delay', some_ns(), number()] if $r < 0.7;
	return ['reject', number()] if $r < 0.75;
	return ['thenable', actions($i, $depth + 1)] if $r < 0.9 && $depth < 2;
	return ['list', any(qw(all any race settled)), values_of($i, $depth + 1)] if $r < 0.97 && $depth < 2;
	return ['self'] if $depth == 0;
	return number();
}

sub values_of {
	my ($i, $depth) = @_;
	return [map { my $v = value($i, $depth); ref $v && $v->[0] eq 'self' ? 7 : $v } 1 .. int rand 4];
}

sub actions {
	my ($i, $depth) = @_;
	return [map {
		my $what = any(qw(yes yes yes no no raise));
		my $v = $what eq 'raise' || rand() < 0.2 ? number() : value($i, $depth + 1);
		[rand() < 0.6 ? 0 : some_ns(), $what, $what eq 'raise' && ref $v ? 1 : $v];
	} 1 .. 1 + int rand 3];
}

sub block {
	my ($i) = @_;
	my $r = rand;
	return undef if $r < 0.12;
	return 5 if $r < 0.15;
	return ['raise', number()] if $r < 0.3;
	return ['input'] if $r < 0.45;
	return ['return', value($i, 0)];
}

sub node {
	my ($i) = @_;
	my $r = $i == 0 ? 0.3 * rand : rand;
	return ['resolve', no_self(value($i, 0))] if $r < 0.1;
	return ['reject', number()] if $r < 0.14;
	return ['delay', some_ns(), number()] if $r < 0.2;
	return ['new', no_self(actions($i, 0))] if $r < 0.3;
	return ['then', int rand $i, block($i), block($i)] if $r < 0.6;
	return ['catch', int rand $i, block($i)] if $r < 0.7;
	return ['finally', int rand $i, ending($i)] if $r < 0.8;
	return [any(qw(all any race settled)), values_of($i, 0)];
}

# deferd wants a block here, and finds that a deferred would wait for itself.
sub ending {
	my $b = block(@_);
	return ref $b ? no_self($b) : ['return', 1];
}

# A node that is being made has no name yet.
sub no_self {
	my ($v) = @_;
	return $v unless ref $v;
	return 7 if @$v && !ref $v->[0] && $v->[0] eq 'self';
	return [map { no_self($_) } @$v];
}

sub graph {
	srand $_[0];
	my $size = 3 + int rand 12;
	return $json->encode({ graph => [map { node($_) } 0 .. $size - 1] });
}
