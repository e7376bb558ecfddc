#!/usr/bin/perl
# tables.t: every row of a table is in the page that documents it, and every page that the
# README names is there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

sub unique {
	my %seen;
	return grep { !$seen{$_}++ } @_;
}

# The page as people read it, blanks squeezed: markup does not stand between the words.
sub page_text {
	my ($page) = @_;
	my $text = `mandoc -T utf8 -O width=1000 "$TOP/man/$page" 2>/dev/null`;
	$text = slurp("man/$page") if $? || !$text;
	$text =~ s/.\x08//g;
	$text =~ s/[\x{2010}-\x{2015}]/-/g;
	$text =~ s/\s+/ /g;
	return $text;
}

my @named = unique(slurp('README') =~ /\b(defer[\w.-]*\(\d\))/g);
my %named = map { s/\((\d)\)/.$1/r => 1 } @named;

# A page that is not there yet: said, and counted as skipped when the README promises it.
sub missing {
	my ($page, $what) = @_;
	diag "$what: man/$page is not there yet";
	SKIP: { skip "$what: man/$page is not there yet", 1 if $named{$page}; }
}

# rows: what must be found, as it is written, not within a longer word.
sub held_to {
	my ($what, $page, @rows) = @_;
	return missing($page, $what) if !-f "$TOP/man/$page";
	my $text = page_text($page);
	verdict "$what are in $page", scalar(@rows),
	    map { "$page does not have $_" } grep { $text !~ /(?<!\w)\Q$_\E(?!\w)/ } @rows;
}

# A table's file without its comments; nothing when it is not there.
sub table {
	my ($path) = @_;
	if (!-f "$TOP/$path") {
		diag "$path is not there yet";
		return '';
	}
	return slurp($path) =~ s{/\*.*?\*/}{}gsr;
}

my $text = table('common/msg.def');
held_to 'messages', 'deferd-design.7', $text =~ /^MSG\(\s*\d+,\s*(\w+)/gm;

$text = table('supervisor/conf.def');
held_to 'config keys', 'deferd.yaml.5',
    unique(map { (split /\./, s/\[\]//gr)[-1] } $text =~ /^(?:KEY\([^"]*|MAP\([^"]*|NOTICE\([^"]*)"([^"]+)"/gm);

$text = table('common/command.def');
held_to 'commands', 'deferctl.8',
    unique(map { s/ *[\[A-Z].*//r } $text =~ /^COMMAND\(\s*"([^"]+)"/gm);

$text = table('supervisor/fault.def');
held_to 'error codes', 'deferd-http.7', unique($text =~ /^FAULT\(\s*\w+,\s*\d+,\s*"([^"]+)"/gm);

$text = table('supervisor/stats.def');
held_to 'metrics', 'deferd-http.7',
    unique(map { $_->[0] eq 'COUNTER' ? "$_->[1]_total" : $_->[1] }
	    map { [/(\w+),\s*"([^"]+)"/] } $text =~ /^STAT\(\s*\w+,\s*(\w+,\s*"[^"]+")/gm);

$text = table('common/kinds.h');
held_to 'kinds of handlers', 'deferd-http.7',
    grep { $_ ne 'route' && $_ ne 'timer' } slurp('common/kinds.h') =~ /^\s*X\([A-Z]+, \d+, "([a-z]+)"\)/gm;

verdict 'README names man pages', scalar(@named);
for my $page (sort keys %named) {
	-f "$TOP/man/$page" ? pass "man/$page" : missing($page, 'README');
}

done_testing;
