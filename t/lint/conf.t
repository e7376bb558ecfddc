#!/usr/bin/perl
# conf.t: every key of conf.def is in deferd.yaml(5) with its default and range, and in the
# sample with its default; and they have no others.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

my %unit = (BYTES => \&size, DURATION => \&duration, FRACTION => sub { 0 + sprintf '%.9f', $_[0] / 1e9 },
	INT => sub { $_[0] }, COUNT => sub { $_[0] });

sub size {
	my ($v) = @_;
	my $u = 0;
	for (; $v && $v % 1024 == 0 && $u < 3; $u++) {
		$v /= 1024;
	}
	return $v . ('', qw(K M G))[$u];
}

sub duration {
	my ($v) = @_;
	my $text = '';
	for ([d => 86400000], [h => 3600000], [m => 60000], [s => 1000], [ms => 1]) {
		my ($name, $ms) = @$_;
		$text .= int($v / $ms) . $name if $v >= $ms;
		$v %= $ms;
	}
	return $text || '0s';
}

# { path => { kind, type, default, min, max } }, and the order.
my (%key, @paths);
my $def = slurp('supervisor/conf.def') =~ s{/\*.*?\*/}{}gsr;
for (grep { /\S/ } split /\n/, $def) {
	my %k;
	if (/^(MAP|NOTICE)\(\w+, "([^"]+)", "[^"]+"\)$/) {
		%k = (kind => $1, path => $2);
	} elsif (/^KEY\(\w+, \w+, "([^"]+)", (\w+), [\w.]+, (NULL|"[^"]*"), (\d+), (\d+), "[^"]+"\)$/) {
		%k = (kind => 'KEY', path => $1, type => $2, default => $3, min => $4, max => $5);
		$k{default} = $k{default} eq 'NULL' ? undef : $k{default} =~ s/"//gr;
	} else {
		fail "conf.def: a line that cannot be read: $_";
		next;
	}
	push @paths, $k{path};
	$key{ $k{path} } = \%k;
}
cmp_ok scalar(@paths), '>', 50, 'conf.def has been read';

# --- the page ---
my %said; # path => the text of its entry
my $page = slurp('man/deferd.yaml.5');
$said{$1} = $2 while $page =~ /^\.It Ic (\S+)[^\n]*\n(.*?)(?=^\.It |^\.El)/gms;
my @wrong;
for my $path (@paths) {
	my ($k, $text) = ($key{$path}, $said{$path});
	push @wrong, "man/deferd.yaml.5: $path is missing" if !defined $text;
	next if !defined $text || $k->{kind} ne 'KEY';
	my $range = $unit{ $k->{type} };
	$range = 'Range: ' . join(' to ', map { $range->($_) } @$k{qw(min max)}) . '.' if $range;
	push @wrong, "man/deferd.yaml.5: $path: not there: $range"
		if $range && $text !~ /^\Q$range\E$/m;
	push @wrong, "man/deferd.yaml.5: $path: not there: Default: $k->{default}."
		if defined $k->{default} && $text !~ /^Default: \Q$k->{default}\E\.$/m;
}
push @wrong, map { "man/deferd.yaml.5: $_ is no key" } grep { !$key{$_} } sort keys %said;
verdict 'the page has every key, its range and default', scalar(@paths), @wrong;

# --- the sample: `key:` and `# key:`, nested by indentation ---
my (%shown, @above);
for (split /\n/, slurp('conf/deferd.yaml')) {
	s/^( *)# /$1/;
	s/^( *)- /$1  /;
	my ($indent, $name, $value) = /^( *)([a-z]\w*):(?:\s+(.*?))?\s*(?:#.*)?$/ or next;
	pop @above while @above && $above[-1][0] >= length $indent;
	push @above, [length $indent, $name];
	my $path = join('.', map { $_->[1] } @above) =~ s/^apps\./apps[]./r;
	$shown{$path} //= $value // '';
}
@wrong = ();
for my $k (map { $key{$_} } @paths) {
	next if $k->{kind} eq 'NOTICE';
	my $value = $shown{ $k->{path} };
	push @wrong, "conf/deferd.yaml: $k->{path} is missing" if !defined $value;
	next if !defined $value || !defined($k->{default}) || $k->{type} eq 'LISTEN';
	next if $k->{type} eq 'ENGINE' && $value eq 'sqlite'; # the sample is for a server that is to stay
	push @wrong, "conf/deferd.yaml: $k->{path} is $value, the default is $k->{default}"
		if $value ne $k->{default};
}
push @wrong, map { "conf/deferd.yaml: $_ is no key" } grep { !$key{$_} } sort keys %shown;
verdict 'the sample has every key with its default', scalar(@paths), @wrong;

done_testing;
