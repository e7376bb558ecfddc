#!/usr/bin/perl
# pages.t: what the code can say and be told is in a page, and the pages name nothing that
# the code lacks: signals, exit statuses, commands, messages, variables, diagnostics. Config
# keys are conf.t's, metrics and control events are compared with a running daemon.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Page;
use Test::More;

sub both_ways {
	my ($what, $page, $code, $said) = @_;
	my %code = map { $_ => 1 } @$code;
	my %said = map { $_ => 1 } @$said;
	verdict "$what of $page", scalar(keys %code),
	    (map { "$page does not have $_" } grep { !$said{$_} } sort keys %code),
	    (map { "$page has $_, the code has not" } grep { !$code{$_} } sort keys %said);
}
sub code {
	my ($pattern) = @_;
	return map { slurp($_) } files($pattern);
}
my $daemon = qr{^supervisor/(?!deferctl).*\.c$};
my $ctl = qr{^supervisor/deferctl.*\.c$};
my $both = qr{^supervisor/.*\.c$};

# --- signals: those of sup.c's table; CHLD is for itself ---
both_ways 'signals', 'deferd.8', [grep { $_ ne 'CHLD' } slurp('supervisor/sup.c') =~ /^\s*\{SIG(\w+), sup_on/gm],
    [page_section('deferd.8', 'SIGNALS') =~ /^\.It Dv (\w+)$/gm];

# --- exit statuses ---
my %status = slurp('common/err.h') =~ /\bEXIT_(\w+)_ = (\d+)/g;
sub statuses {
	my ($pattern) = @_;
	my %used = map { $_ => 1 } map { /\bEXIT_(\w+?)_\b/g } code($pattern);
	delete @used{qw(ASKED REFUSED TAINTED BUG)}; # the last is ABRT, below EXIT STATUS
	return map { $status{$_} // "EXIT_${_}_ without a number" } keys %used;
}
sub told { return map { split / , / } page_section($_[0], 'EXIT STATUS') =~ /^\.It ([\d ,]+)$/gm }
both_ways 'exit statuses', 'deferd.8', [0, 1, 2, statuses($daemon)], [told('deferd.8')];
both_ways 'exit statuses', 'deferctl.8', [0, 1, statuses($ctl)], [told('deferctl.8')];

# --- commands: a name is the lower-case words that begin an entry ---
my $def = slurp('common/command.def') =~ s{/\*.*?\*/}{}gsr;
my @told = page_section('deferctl.8', 'COMMANDS') =~ /^\.It (?:Xo\n\.)?Cm ([a-z][a-z ]*)/gm;
both_ways 'commands', 'deferctl.8', [map { s/ *[\[A-Z].*//r } $def =~ /^COMMAND\(\s*"([^"]+)"/gm],
    [map { s/ +$//r } @told];
both_ways 'levels', 'deferctl.8', [map { lc } $def =~ /^COMMAND\(\s*"[^"]+",\s*(\w+)/gm],
    [page_section('deferctl.8', 'COMMANDS') =~ /^\.Ss .*\(level (\w+)\)$/gm];

# --- codes of HTTP::Error ---
both_ways 'codes of HTTP::Error', 'deferd-handlers.7', [slurp('worker/http.h') =~ /^\tX\(\w+, "(\w+)"/gm],
    [page_section('deferd-handlers.7', 'HTTP') =~ /^\.It Li (\w+)$/gm];

# --- messages: number, name and direction ---
my %way = (UP => 'from the worker', DOWN => 'to the worker', FUP => 'from the forkserver', FDOWN => 'to the forkserver');
my @messages = slurp('common/msg.def') =~ /^MSG\((\d+), (\w+), \w+, (\w+),/gm;
my @rows;
while (my ($n, $name, $way) = splice @messages, 0, 3) {
	push @rows, "$n $name $way{$way}";
}
both_ways 'messages', 'deferd-design.7', \@rows,
    [map { s/ Dv / /r =~ s/ Pq / /r } page_source('deferd-design.7') =~ /^\.It (\d+ Dv \w+ Pq .+)$/gm];

# --- variables of the environment ---
my @foreign = qw(TERM LC_ALL LC_CTYPE LANG); # a terminal's business
sub variables {
	my ($pattern, @more) = @_;
	my %foreign = map { $_ => 1 } @foreign;
	return [grep { !$foreign{$_} } map { /getenv\("(\w+)"\)/g } code($pattern)], @more;
}
my ($said) = variables($daemon);
my %named = map { $_ => 1 } map { split / , / }
    page_section('deferd.8', 'ENVIRONMENT') =~ /^\.It Ev ([A-Z_ ,]+)$/gm;
verdict 'variables of deferd.8', scalar(@$said),
    map { "deferd.8 does not have $_" } grep { !$named{$_} } @$said;
both_ways 'variables', 'deferctl.8', (variables($ctl))[0],
    [page_section('deferctl.8', 'ENVIRONMENT') =~ /^\.It Ev (\w+)$/gm];

# --- diagnostics ---
# The formats of what is said, as C has them.
sub formats {
	my ($call, $pattern) = @_;
	my @found;
	for my $text (code($pattern)) {
		while ($text =~ /\b(?:$call)\(\s*(?:stderr,\s*)?((?:"(?:[^"\\]|\\.)*"\s*|PRI\w+\s*)+)/g) {
			push @found, $1 =~ s/"\s*"//gr =~ s/^"|"\s*$//gr =~ s/\\n.*//r =~ s/\\"/"/gr;
		}
	}
	return @found;
}
# The longest piece without conversions; short ones say nothing.
sub longest {
	my ($piece) = sort { length $b <=> length $a } split /%[-+ #0-9.*]*(?:ll?|z|h)?[a-zA-Z%]/, $_[0];
	$piece = ($piece // '') =~ s/^[ :]+|[ :]+$//gr;
	return length $piece >= 10 ? $piece : undef;
}
sub diagnostics {
	my ($page) = @_;
	return map { s/\\\(dq/"/gr =~ s/\\&//gr } page_section($page, 'DIAGNOSTICS') =~ /^\.It "(.*)"$/gm;
}
my @diag = diagnostics('deferd.8');
my @error = grep { defined } map { longest($_) } formats('log_error', $daemon), formats('fprintf', qr{^supervisor/main\.c$});
verdict 'errors of deferd are among its diagnostics', scalar(@error),
    map { "deferd.8: no diagnostic has: $_" }
    grep { my $piece = $_; !grep { index($_, $piece) >= 0 } @diag }
    grep { $_ ne 'configuration and handlers are good' } @error;

# Could what a format makes begin so? A format without letters of its own could be anything.
sub begins {
	my ($literal, $text) = @_;
	my ($before, $letters) = ('', 0);
	return 0 if substr($text, 0, 4) ne substr $literal->[0] . $text, 0, 4;
	for my $piece (@$literal) {
		for (my $n = length $piece; $n > 0; $n--) {
			return 1 if $letters + $n > 5 && $text =~ /^$before\Q@{[substr $piece, 0, $n]}\E$/;
		}
		$before .= quotemeta($piece) . '.+?';
		$letters += length $piece;
		return 1 if $letters > 5 && $text =~ /^$before$/;
		last if $text !~ /^$before/;
	}
	return 0;
}
# Could a format become the text, of which "..." hides a part? A text without it may itself
# be a part.
sub becomes {
	my ($format, $text) = @_;
	my @literal = split /%[-+ #0-9.*]*(?:ll?|z|h)?[a-zA-Z%]/, $format, -1;
	my ($first, @rest) = map { s/^[ :]+|[ :]+$//gr } split /\.\.\./, $text;
	return 0 if grep { my $piece = $_; !grep { index($_, $piece) >= 0 } @literal } grep { length } @rest;
	return begins(\@literal, $first) || ($text !~ /\d|\// && index($format, $first) >= 0);
}
for (['deferd.8', $daemon, \@diag], ['deferctl.8', $both, [diagnostics('deferctl.8')]]) {
	my ($page, $pattern, $said) = @$_;
	my %format = map { $_ => 1 } grep { length > 7 }
	    map { s/'"'|^#.*$//gmr =~ s/"\s*\n\s*"//gr =~ /"((?:[^"\\\n]|\\.)*)"/g } code($pattern);
	verdict "diagnostics of $page are said", scalar(@$said), map { "$page: nobody says: $_" }
	    grep { my $text = $_; !grep { becomes($_, $text) } sort keys %format } @$said;
}

done_testing;
