#!/usr/bin/perl
# deferctl top on a terminal (script(1) makes one): it draws, reacts, and puts the terminal
# back, however it ends.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use IPC::Open2;
use POSIX qw(WNOHANG);
use Test::More;

plan skip_all => 'there is no script(1)' if !grep { -x "$_/script" } split /:/, $ENV{PATH};
my $d = Deferd->start(
	handlers => { 'main.rb' => 'Cloud.event("slow") { |req| Deferred.delay(60) }' },
	config => { workers => { concurrent => 4 } });
$ENV{TERM} = 'xterm';
delete $ENV{NO_COLOR};
my ($enter, $leave) = ("\e[?1049h", "\e[?1049l");

# Starts it; the bytes it has drawn gather in $out.
my ($pid, $keys, $screen, $out);
sub start_top {
	my (@words) = @_;
	my $command = join ' ', Deferd::build() . '/supervisor/deferctl', '-s', $d->socket, 'top', @words;
	$out = '';
	$pid = open2($screen, $keys, 'script', '-qec', "sh -c 'echo pid \$\$ on \$(tty); exec $command'", '/dev/null');
	$screen->blocking(0);
}
sub shows {
	my ($regex, $what) = @_;
	wait_for { sysread $screen, $out, 65536, length $out; $out =~ $regex } $what;
	pass $what;
}
sub ends {
	my ($status, $what) = @_;
	wait_for { sysread $screen, $out, 65536, length $out; waitpid $pid, WNOHANG } $what;
	is $? >> 8, $status, $what;
	sysread $screen, $out, 65536, length $out;
	like $out, qr/\Q$leave\E/, "$what: the terminal is put back";
	cmp_ok rindex($out, $leave), '>', rindex($out, $enter), "$what: and stays so";
}

start_top('-d', '0.1');
shows qr/\Q$enter\E/, 'the alternate screen';
shows qr/deferd \S+/, 'the head';
shows qr/\e\[32mrunning/, 'colours';
$d->call('slow', undef, kind => 'event', execution => 'async');
$d->call('slow', undef, kind => 'event', execution => 'async-low-priority');
# Not the letters of the legend.
shows qr/ 1 [^\n]*\e\[32mM\e/, 'a worker with a main task';
shows qr/ 1 [^\n]*\e\[36mL\e/, 'a worker with a low one';
my ($low) = grep { ($_->{task_lane} // '') eq 'low' } $d->workers;
$d->ctl('kill', $low->{task_id});
shows qr/death/, 'a death, as it happens';
# --- another size ---
my ($tty) = $out =~ m{pid \d+ on (/dev/\S+?)\r?$}m;
system 'stty', '-F', $tty, 'rows', 15, 'cols', 60;
shows qr/\e\[15;1H/, 'resized: the keys stand in the last row';
$out = '';
shows qr/\e\[H.*\e\[H/s, '... and another picture';
my ($picture) = $out =~ /\e\[H(.*?)\e\[15;1H/s;
my @wide = grep { length > 60 } map { s/\e\[[\d;?]*[A-Za-z]//gr =~ s/\xe2\x96./x/gr } split /\r*\n/, $picture;
is_deeply \@wide, [], '... as wide as the terminal';
# --- its keys ---
syswrite $keys, 'p';
shows qr/low: paused/, 'the key p';
ok((grep { $_->{lane} eq 'low' && $_->{paused} } @{ $d->ctl(qw(show lanes))->{lanes} }), 'the lane is paused');
syswrite $keys, 'p';
shows qr/low: its tasks are started/, 'p again';
syswrite $keys, 'd';
shows qr/draining, new tasks are refused/, 'the key d';
$out = '';
shows qr/draining/, 'the picture says draining';
syswrite $keys, 'd';
shows qr/new tasks are accepted again/, 'd again';
my ($busy) = grep { $_->{task_id} } $d->workers;
syswrite $keys, 'k';
shows qr/kill what runs in seat: /, 'the key k asks';
syswrite $keys, "$busy->{seat}\n";
wait_for { $d->ctl('show', 'task', $busy->{task_id})->{task}{state} eq 'cancelled' } 'it is killed';
pass 'and kills';
syswrite $keys, 'k';
shows qr/kill what runs in seat:  /, 'k once more';
syswrite $keys, 'x';
shows qr/q quit/, 'any other key leaves it';
syswrite $keys, 'q';
ends 0, 'the key q';
$d->call('slow', undef, kind => 'event', execution => 'async');

$ENV{NO_COLOR} = 1;
start_top();
shows qr/running/, 'without colours';
unlike $out, qr/\e\[3\dm/, 'NO_COLOR: none';
my ($top) = $out =~ /pid (\d+)/;
kill TERM => $top;
ends 0, 'the signal TERM';

start_top('-d', '0.1');
shows qr/running/, 'once more';
$d->ctl('stop');
$_->{task_id} && eval { $d->ctl('kill', $_->{task_id}) } for $d->workers;
ends 69, 'the end of deferd';
like $out, qr/deferd is gone/, 'and it says so';
$d->wait(10);
$d->stop_ok;
done_testing;
