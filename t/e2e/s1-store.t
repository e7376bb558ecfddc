#!/usr/bin/perl
# s1-store.t: what was accepted is on disk: over a kill, a stop, a restart.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Test::More;

my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' }, workers => { concurrent => 2 } },
	handlers => <<'END');
Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.job("slow") { |req| Deferred.delay(req.params['s'], req.params['n']) }
Cloud.job("bad", retries: 0) { |req| raise Cloud::Error.new(7, "no") }
Cloud.function("later") { |req| Cloud.enqueue("hello", { "name" => "queued" }).then { |id| id } }
END

sub submit {
	my ($name, $params, %headers) = @_;
	return $d->native(POST => '/tasks', { name => $name, params => $params }, %headers);
}
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub ended { my ($id) = @_; return wait_for { (task($id)->{state} // '') =~ /^(done|failed|dead)$/ } "$id ends", 5 }
sub again { $d = Deferd->start(again => $d) }

# --- accepting ---
my $r = submit('hello', { name => 'Ann' });
is $r->{status}, 202, 'an async task is accepted';
is $r->{headers}{'deferd-durability'}, 'synced', 'and is on disk';
my $hello = $r->{json}{id};
$r = submit('hello', { name => 'Bob' }, 'Deferd-Durability' => 'relaxed');
is $r->{headers}{'deferd-durability'}, 'relaxed', 'a client that does not want to wait need not';
my $relaxed = $r->{json}{id};
ended($_) for $hello, $relaxed;
$r = $d->call('hello', { name => 'Eve' });
is $r->{json}{result}, 'Hello Eve', 'sync calls go on as ever';
ok !exists $r->{headers}{'deferd-durability'}, 'and promise nothing';
my $enqueued = $d->call('later')->{json}{result};
ended($enqueued);
is task($enqueued)->{result}, 'Hello queued', 'a handler enqueues';
my $bad = submit('bad', {})->{json}{id};
ended($bad);

# --- killed ---
my @slow = map { submit('slow', { s => 0.3, n => $_ })->{json}{id} } 1 .. 8;
wait_for { task($slow[0])->{state} eq 'leased' } 'the first ones run', 5;
$d->signal('KILL');
$d->wait;
again();
is task($slow[7])->{state}, 'queued', 'after a kill what waited is queued';
ok $d->log_has(qr/store: \d+ tasks to run, \d+ ended ones/), 'and the log says so';
is task($hello)->{result}, 'Hello Ann', 'results are still there';
my $failed = task($bad);
is_deeply [$failed->{state}, $failed->{error}{code}, $failed->{error}{message}], ['failed', 7, 'no'],
	'and failures';
ended($_) for @slow;
is_deeply [map { task($_)->{result} } @slow], [1 .. 8], 'every task has run';
ok !(grep { task($_)->{attempt} != 1 } @slow), 'none was charged';

# --- stopped ---
@slow = map { submit('slow', { s => 0.2, n => $_ })->{json}{id} } 1 .. 8;
wait_for { task($slow[0])->{state} eq 'leased' } 'the first ones run', 5;
is $d->stop, 0, 'TERM: exit 0';
ok $d->log_has(qr/store: \d+ waiting tasks stay there/), 'what waits stays';
again();
ended($_) for @slow;
is_deeply [map { task($_)->{result} } @slow], [1 .. 8], 'every task has run';

# --- a list over the restart is in the order of the ids ---
my @listed = map { $_->{id} } @{ $d->native(GET => '/tasks?limit=500')->{json}{tasks} };
is_deeply \@listed, [reverse sort @listed], 'newest first';

# --- only one ---
my $second = $d->check('-F');
is $second->{status}, 69, 'a second one on the same socket is refused';
my $other = Deferd->prepare(config => { store => { engine => 'sqlite', path => $d->dir . '/store' } });
$second = $other->check('-F');
is $second->{status}, 73, 'one on the same store, too';
like $second->{err}, qr/store: .*locked/, 'in words';

# --- a handler that went away ---
my $gone = submit('slow', { s => 0, n => 1 })->{json}{id};
ended($gone);
@slow = map { submit('slow', { s => 0.3, n => $_ })->{json}{id} } 1 .. 4;
is $d->stop, 0, 'stopped once more';
open my $f, '>', $d->dir . '/handlers/main.rb' or die;
print $f 'Cloud.function("hello") { |req| 1 }';
close $f;
again();
ended($slow[3]);
is task($slow[3])->{state}, 'dead', 'its tasks are dead';
is task($slow[3])->{error}{code}, 'unknown_handler', 'and say why';
is task($gone)->{result}, 1, 'what it did before is there';

$d->stop_ok;
done_testing;
