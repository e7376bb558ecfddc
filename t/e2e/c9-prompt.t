#!/usr/bin/perl
# deferctl's other ways: watch, and the prompt on a terminal (script(1) makes one).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use IPC::Open2;
use POSIX qw(WNOHANG);
use Test::More;

plan skip_all => 'there is no script(1)' if !grep { -x "$_/script" } split /:/, $ENV{PATH};
my $d = Deferd->start(handlers => 'Cloud.function("hello") { |req| "Hello" }');
my $deferctl = Deferd::build() . '/supervisor/deferctl';

# --- watch: the words after the command are its own ---
my $out = '';
my $pid = open2(my $from, my $to, $deferctl, '-s', $d->socket, qw(watch 0.1 show lanes));
$from->blocking(0);
wait_for { sysread $from, $out, 65536, length $out; 3 <= (() = $out =~ /^every 0\.1, \S+: show lanes$/mg) }
	'three rounds';
pass 'watch repeats';
like $out, qr/^main +\d/m, 'and shows';
unlike $out, qr/\e/, 'without control codes when it is no terminal';
$d->signal('KILL');
$d->wait(10);
wait_for { waitpid $pid, WNOHANG } 'it ends';
is $? >> 8, 69, 'watch ends when there is no deferd';
$d = Deferd->start(handlers => 'Cloud.function("hello") { |req| "Hello" }');
for my $words (['watch'], ['watch', 1], [qw(watch 0 show info)], [qw(watch 1 top)], [qw(watch x show info)]) {
	my $r = $d->deferctl(@$words);
	is $r->{status}, 64, "@$words";
	like $r->{err}, qr/^usage: /, "@$words: says how";
}
my $r = $d->deferctl(qw(watch 0.1 show task 000000));
is $r->{status}, 1, 'watch ends with what the command ends with';

# --- the prompt ---
$pid = open2($from, $to, 'script', '-qec', "$deferctl -s " . $d->socket, '/dev/null');
$from->blocking(0);
$out = '';
sub shows {
	my ($regex, $what) = @_;
	wait_for { sysread $from, $out, 65536, length $out; $out =~ $regex } $what;
	pass $what;
	$out = '';
}
shows qr/deferctl> /, 'the prompt';
syswrite $to, "show lanes\n";
shows qr/^main .*deferctl> /ms, 'a command';
syswrite $to, "\nbogus\n";
shows qr/"bogus" is unknown.*deferctl> /s, 'an error does not end it';
syswrite $to, "-j show info\n";
shows qr/"schema":1.*deferctl> /s, 'JSON';
syswrite $to, "show 'lanes\n";
shows qr/an open quote.*deferctl> /s, 'an open quote';
syswrite $to, "quit\n";
wait_for { sysread $from, $out, 65536, length $out; waitpid $pid, WNOHANG } 'quit';
is $? >> 8, 0, 'quit';

# --- neither a command nor a terminal ---
is $d->deferctl()->{status}, 64, 'no command and no terminal';
$d->stop_ok;
done_testing;
