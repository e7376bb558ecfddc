#!/usr/bin/perl
# r1-reload.t: HUP: other handlers and another config, without a failed call.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use JSON::PP ();
use Load;
use Program qw(spill wait_for);
use Test::More;

my $rounds = 20;
my $d = Deferd->start(config => { workers => { concurrent => 3, slots => 2 } }, handlers => {
	'a.rb' => 'Cloud.function("version") { |req| 0 }',
	'b.rb' => 'Cloud.function("slow") { |req| Deferred.delay(req.params["s"], "slept") }',
});
my $folder = $d->dir . '/handlers';

sub write_file {
	my ($name, $text) = @_;
	open my $f, '>', "$folder/$name.new" or die "$folder/$name: $!\n";
	print $f $text;
	close $f;
	rename "$folder/$name.new", "$folder/$name" or die "$folder/$name: $!\n";
}
sub version { return $d->call('version')->{json}{result} }
sub hup { kill HUP => $d->pid }
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub count { my ($what) = @_; return scalar(() = $d->log =~ /$what/g) }

is version(), 0, 'the first version answers';

# --- one that is in the old generation ends there ---
my $long = $d->call('slow', { s => 1.5 }, execution => 'async')->{json}{id};
wait_for { task($long)->{state} eq 'leased' } 'the long one runs', 5;
write_file('a.rb', 'Cloud.function("version") { |req| 1 }');
hup();
wait_for { version() == 1 } 'the new version answers', 5;
is task($long)->{state}, 'leased', 'an old task still runs then';
wait_for { task($long)->{state} eq 'done' } 'the long one ends', 5;
is task($long)->{result}, 'slept', 'and ends well';

# --- a broken file changes nothing ---
write_file('z.rb', "\n\ndef broken(\n");
hup();
wait_for { count('the running handlers and config stay') == 1 } 'the refusal is logged', 5;
like $d->log, qr/reload: app demo: z\.rb:\d+: SyntaxError/, 'with file and line';
is version(), 1, 'the old generation goes on';
unlink "$folder/z.rb";

# --- a handler that vanishes while a task for it waits ---
write_file('c.rb', 'Cloud.function("gone") { |req| 1 }');
hup();
wait_for { count('reloaded: ') == 2 } 'gone is there', 5;
is $d->call('gone')->{json}{result}, 1, 'a new handler can be called';
unlink "$folder/c.rb";
hup();
wait_for { count('reloaded: ') == 3 } 'gone is gone', 5;
is $d->call('gone')->{status}, 404, 'a handler that went is unknown';

# --- the config ---
my $good = do { local (@ARGV, $/) = $d->config; <> };
(my $typo = $good) =~ s/workers/workerz/ or die "no workers in: $good";
spill($d->config, $typo);
hup();
wait_for { count('is not usable: the running config stays') == 1 } 'a bad config is refused', 5;
like $d->log, qr/deferd\.yaml:\d+:\d+: .*workerz/, 'with file, line and column';
(my $moved = $good) =~ s{http://127\.0\.0\.1:0}{http://127.0.0.2:0} or die "no listener in: $good";
spill($d->config, $moved);
hup();
wait_for { count('these keys need a restart: listen') == 1 } 'listen needs a restart, and is named', 5;
spill($d->config, $good);

# --- deferctl reload answers when it is done ---
(my $bigger = $good) =~ s/("?concurrent"?\s*:\s*)3/${1}4/ or die "no concurrent in: $good";
spill($d->config, $bigger);
my $answer = $d->deferctl('reload');
is $answer->{status}, 0, 'deferctl reload';
like $answer->{out}, qr/^reloaded: 3 new workers, 4 in all soon, generation \d+$/m, 'says what it did';
wait_for { grep({ $_->{state} eq 'ready' } $d->workers) == 4 } 'the pool grows to what the config says', 5;
write_file('z.rb', 'raise "no"');
$answer = $d->deferctl('reload');
is $answer->{status}, 1, 'a refused reload fails';
like $answer->{err}, qr/z\.rb:1: RuntimeError: no/, 'with file and line';
unlink "$folder/z.rb";
spill($d->config, $typo);
like $d->deferctl('reload')->{err}, qr/deferd\.yaml:\d+:\d+: .*workerz/, 'so does a bad config';
spill($d->config, $good);
is $d->deferctl('reload')->{status}, 0, 'and back';
wait_for { $d->workers == 3 && !grep { $_->{state} ne 'ready' } $d->workers } 'the pool shrinks again', 5;

# --- another app ---
my $two = $d->dir . '/two';
mkdir $two;
spill("$two/two.rb", "Cloud.function('two'\n");
my $apps = JSON::PP::decode_json($good);
push @{ $apps->{apps} }, { id => 'two', handlers => $two, keys => { master => 'two-master-key' }, concurrent => 2 };
spill($d->config, JSON::PP::encode_json($apps));
sub two {
	return $d->http(POST => '/v1/apps/two/tasks', { kind => 'function', name => 'two', execution => 'sync' },
		Authorization => 'Bearer two-master-key');
}
sub apps { return [map { $_->{app} } @{ $d->ctl(qw(show apps))->{apps} }] }
like $d->deferctl('reload')->{err}, qr/app two: two\.rb:\d+: SyntaxError/, 'a new app that does not load is refused';
is_deeply apps(), ['demo'], '... and is not there';
is two()->{status}, 403, '... for nobody';
is $d->deferctl('reload')->{status}, 1, '... however often';
spill("$two/two.rb", "Cloud.function('two') { |req| 'two' }");
is $d->deferctl('reload')->{status}, 0, 'a new app that loads';
is_deeply apps(), ['demo', 'two'], '... is there';
is two()->{json}{result}, 'two', '... and answers';
is version(), 1, '... beside the other one';
@{ $apps->{apps} } = reverse @{ $apps->{apps} };
spill($d->config, JSON::PP::encode_json($apps));
spill("$two/two.rb", "Cloud.function('two') { |req| 'three' }");
is $d->deferctl('reload')->{status}, 0, 'the apps in another order';
is two()->{json}{result}, 'three', '... are still themselves';
is version(), 1, '... both';
spill($d->config, $good);
like $d->deferctl('reload')->{err}, qr/these keys need a restart: apps$/m, 'an app that is left out needs a restart';
is two()->{json}{result}, 'three', '... and stays';
is $d->deferctl('restart')->{status}, 0, 'a restart';
is_deeply apps(), ['demo'], '... takes it away';
is two()->{status}, 403, '... for good';

# --- under load: new connections and kept ones, good and broken files in turn ---
my $calls_a_round = 500;
sub answered { my ($main) = grep { $_->{lane} eq 'main' } @{ $d->ctl(qw(show lanes))->{lanes} }; return $main->{done} }
my $before = answered();
my $load = Load->start($d, new => 2, kept => 2);
for my $i (1 .. $rounds) {
	wait_for { answered() >= $before + $i * $calls_a_round } "the calls of round $i", 20;
	my ($ok, $bad) = (count('reloaded: '), count('the running handlers and config stay'));
	write_file('a.rb', "Cloud.function('version') { |req| $i }");
	if ($i % 3 == 0) { write_file('z.rb', 'raise "not this time"') } else { unlink "$folder/z.rb" }
	hup();
	wait_for { count('reloaded: ') + count('the running handlers and config stay') == $ok + $bad + 1 }
	    "reload $i", 10;
}
my $sum = $load->end;
cmp_ok $sum->{calls}, '>=', $rounds * $calls_a_round, "$sum->{calls} calls during $rounds reloads";
is $sum->{failed} + $sum->{busy}, 0, 'no call failed' or diag $sum->{why};
wait_for { my $w = $d->ctl(qw(show workers))->{workers}; @$w == 3 && !grep { $_->{state} ne 'ready' } @$w }
    'the pool is of its size, nothing of the old generations is left', 10;
pass 'the pool is of its size';
$d->stop_ok;
done_testing;
