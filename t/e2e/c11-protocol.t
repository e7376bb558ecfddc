#!/usr/bin/perl
# c11-protocol.t: deferd-control(7) is true: each command's level and JSON, member by member,
# the frames, the events; and all that is JSON says its schema.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Ctl;
use Deferd qw(wait_for);
use JSON::PP ();
use Page;
use Program qw(slurp);
use Test::More;

my $json = JSON::PP->new->utf8->allow_nonref;
my $top = "$FindBin::Bin/../..";
my $d = Deferd->start(config => { workers => { concurrent => 2 } }, handlers => <<'RUBY');
Cloud.function("hello") { |req| "hello" }
Cloud.function("fail") { |req| raise Cloud::Error.new(7, "no") }
Cloud.function("slow") { |req| req.progress 0.5, "half"; Deferred.delay(60) }
Cloud.timer("tick", every: "1h") { |req| 1 }
RUBY
$d->call($_) for qw(hello fail);
my $c = Ctl->new($d->socket);

# --- the frames ---
for (page_marked('deferd-control.7', 'frame')) {
	my ($request, $shown) = @$_;
	my ($code, $body) = $c->ask($request);
	ok fits("$code " . length($body) . "\n$body", $shown), "the frame of $request"
		or diag "$code $body";
}
$c->ask('resume low');

# --- the commands ---
# Complaints about a value that is not as the page says.
sub wrong {
	my ($where, $value, $shape) = @_;
	if (ref $shape eq 'HASH') {
		return "$where: no object" if ref $value ne 'HASH';
		my %may = map { (s/\?$//r => $_) } keys %$shape;
		return ((map { "$where.$_: not in the page" } grep { !exists $may{$_} } sort keys %$value),
			(map { "$where.$_: missing" } grep { !exists $value->{$_} && $may{$_} !~ /\?$/ } sort keys %may),
			map { wrong("$where.$_", $value->{$_}, $shape->{ $may{$_} }) }
			grep { exists $value->{$_} && exists $may{$_} } sort keys %may);
	}
	if (ref $shape eq 'ARRAY') {
		return "$where: no list" if ref $value ne 'ARRAY';
		return map { wrong("$where\[\]", $_, $shape->[0]) } @$value;
	}
	my ($type, $null) = $shape =~ /^(number|text|bool)( or null)?$/ or return "$where: the page says $shape";
	return $null ? () : "$where: null" if !defined $value;
	return () if $type eq 'bool' ? JSON::PP::is_bool($value) : !ref $value
		&& ($json->encode($value) =~ /^"/ ? 'text' : 'number') eq $type;
	return "$where: no $type";
}

my %shape = map { ($_->[0] => $json->decode($_->[1])) } page_marked('deferd-control.7', 'reply');
my %level;
my $page = page_source('deferd-control.7');
$level{$2} = $1 while $page =~ /^Level (\w+)\.\n\.\\" reply: ([^\n]+)$/gm;
my %seen;
sub answers {
	my ($name, $request, $want) = @_;
	my ($code, $body) = $c->ask('-j', $request);
	$body //= '';
	my $value = eval { $json->decode($body) };
	my @wrong = ref $value ? wrong($name, $value, $shape{$name}) : 'no JSON';
	push @wrong, "the code is $code" if $code != ($want // 200);
	push @wrong, "$name: no schema" if ($value->{schema} // 0) != 1 || $body !~ /^\{"schema":1\b/;
	push @wrong, "$name: not one line" if $body !~ /\A[^\n]+\n\z/;
	ok !@wrong, "-j $request" or diag join "\n", @wrong, $body;
	$seen{$name} = 1;
}

my ($busy) = $d->workers;
kill KILL => $busy->{pid};
wait_for { @{ $d->ctl(qw(show obituaries))->{obituaries} } } 'its obituary';
wait_for { 2 == grep { $_->{state} eq 'ready' } $d->workers } 'another worker';
$d->call('slow', undef, execution => 'async') for 1 .. 3;
wait_for { 2 == grep { $_->{task_id} } $d->workers } 'two run';
answers($_, $_) for map { "show $_" } qw(info lanes workers tasks handlers apps timers config obituaries);
answers('show obituary', "show obituary $busy->{worker}");
my @slow = @{ $d->ctl(qw(show tasks name slow))->{tasks} };
my ($failed) = @{ $d->ctl(qw(show tasks state failed))->{tasks} };
answers('show task', "show task $_->{id}") for @slow, $failed;
answers('trace', "trace $_->{id}") for @slow, $failed;
answers('help', 'help');
answers('help COMMAND', 'help show task');
my @running = grep { $_->{state} eq 'leased' } @slow;
my ($queued) = grep { $_->{state} eq 'queued' } @slow;
answers('cancel', "cancel $queued->{id}");
answers('cancel', "cancel $running[0]{id}", 202);
answers('kill', "kill $running[1]{id}", 202);
wait_for { !grep { $_->{task_id} } $d->workers } 'all is still';
answers($_, "$_ low") for qw(pause resume);
my $later = $d->native(POST => '/tasks', { name => 'hello', delay => 3600 })->{json}{id};
answers('bulk promote', 'bulk promote app demo dry yes');
answers('bury', "bury $later");
answers('show dead', 'show dead');
answers('bulk retry', 'bulk retry app demo dry yes');
answers('retry', "retry $later");
$later = $d->native(POST => '/tasks', { name => 'hello', delay => 3600 })->{json}{id};
answers('promote', "promote $later");
answers('bulk bury', 'bulk bury app demo');
answers('scale', 'scale 3');
answers('recycle', 'recycle all');
answers('reload', 'reload');
answers('set loglevel', 'set loglevel info');
answers($_, $_) for qw(drain undrain);

# --- errors, in JSON when asked so, and never without the schema ---
my $def = slurp("$top/common/command.def") =~ s{/\*.*?\*/}{}gsr;
my %command; # name => level
$command{ $1 =~ s/ *[\[A-Z].*//r } = lc $2 while $def =~ /^COMMAND\(\s*"([^"]+)",\s*(\w+)/gm;
for my $line ((map { "$_ no such words, as many as can be" } grep { $_ ne 'help' } sort keys %command),
	'', 'nothing', 'show "', 'help nothing') {
	my ($code, $body) = $c->ask('-j', $line);
	my $value = eval { $json->decode($body) } // {};
	ok $code >= 400 && ($value->{schema} // 0) == 1 && ($value->{error}{code} // 0) == $code
		&& length $value->{error}{message}, "an error: -j $line" or diag "$code $body";
}
my $long = Ctl->new($d->socket);
$long->send_raw('-j ' . 'x' x 70000);
my ($code, $body) = $long->next_frame;
is $json->decode($body)->{error}{code}, 413, 'a line that is too long';

# --- the stream ---
my $s = Ctl->new($d->socket);
$s->send_words('subscribe events');
$d->call('hello');
my ($n, @loose) = (0);
until ($n >= 4) {
	my (undef, $event) = $s->next_frame(5);
	last if !defined $event;
	push @loose, $event if $event !~ /^\{"schema":1,"seq":\d+,"at":"[^"]+","event":"\w+"/;
	$n++;
}
is_deeply [$n, @loose], [4], 'events have the schema, too';

# --- restart and stop, which end it ---
answers('restart', 'restart');
$c = Ctl->new($d->socket);
answers('stop', 'stop', 202);
is $d->wait(10), 0, 'it ends';
is_deeply [grep { !$seen{$_} } sort keys %shape], [], 'every answer of the page was looked at';

# --- nothing is missing ---
my %no_reply = map { $_ => 1 } 'top', 'watch', 'subscribe events';
is_deeply { map { $_ => $level{$_} } grep { $_ ne 'help COMMAND' } keys %level },
	{ map { $_ => $command{$_} } grep { !$no_reply{$_} } keys %command }, 'the page has every command and its level';
my %emitted;
for my $file (glob "$top/supervisor/*.c") {
	my $text = slurp($file);
	$emitted{$_} = 1 for map { /"(\w+)"/g } $text =~ /\b(?:events_begin|emit_task|emit_worker)\(([^;{]*)/g;
	$emitted{$1} = 1 while $text =~ /"event", "(\w+)"/g;
}
delete @emitted{grep { /^(?:main|low)$/ } keys %emitted};
my %told = map { $_ => 1 } map { split / , / }
	page_section('deferd-control.7', 'EVENTS') =~ /^\.It (\w[\w ,]*)$/gm;
is_deeply [sort keys %told], [sort keys %emitted], 'the page has every event, and no other';
done_testing;
