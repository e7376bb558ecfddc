#!/usr/bin/perl
# r2-restart.t: deferctl restart: the program starts anew, its sockets stay.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use File::Copy qw(copy);
use Load;
use Program qw(program program_path slurp spill wait_for);
use Test::More;
use Time::HiRes qw(time);

my $rounds = 5;
my $d = Deferd->prepare(config => { workers => 2, shutdown => { grace => '1500ms' } }, handlers => {
	'a.rb' => 'Cloud.function("version") { |req| 1 }',
	'b.rb' => 'Cloud.function("slow") { |req| Deferred.delay(req.params["s"], "slept") }' });
$d->{args} = ['-p', $d->dir . '/pid'];
$d->launch->wait_ready;
my $good = slurp($d->config);

sub count { my ($what) = @_; return scalar(() = $d->log =~ /$what/g) }
sub version { return $d->call('version')->{json}{result} }
sub descriptors {
	wait_for { !grep { $_->{state} ne 'ready' } $d->workers } 'all workers'; # each has some
	return scalar(() = glob '/proc/' . $d->pid . '/fd/*');
}
sub restarted {
	my ($name) = @_;
	my $r = $d->deferctl('restart');
	like $r->{out}, qr/^restarted: deferd \S+, pid @{[$d->pid]}, ready$/, $name or diag $r->{err};
	return $r;
}
sub refused {
	my ($why, $name) = @_;
	my @before = sort map { $_->{pid} } $d->workers;
	my $r = $d->deferctl('restart');
	is $r->{status}, 1, "$name: refused";
	like $r->{err}, qr/^not restarted, what runs goes on:\n.*$why/s, '... with the reason';
	is version(), 1, '... and it goes on';
	is_deeply [sort map { $_->{pid} } $d->workers], \@before, '... as it was';
	return;
}

# --- under load ---
restarted('restart');
my $descriptors = descriptors();
my $load = Load->start($d, new => 3, kept => 2);
my @took;
for my $i (1 .. $rounds) {
	my %old = map { $_->{pid} => 1 } $d->workers;
	my $began = time;
	restarted("restart $i under load");
	push @took, time - $began;
	is scalar(grep { $old{ $_->{pid} } } $d->workers), 0, '... with workers of its own';
}
my $sum = $load->end;
note sprintf '%d calls, %d of them answered 503, during %d restarts of %s s', $sum->{calls},
    $sum->{busy}, $rounds, join ', ', map { sprintf '%.2f', $_ } @took;
cmp_ok $sum->{calls}, '>', 100, 'there was load';
is $sum->{failed}, 0, 'no call was refused or reset' or diag $sum->{why};
ok eval { wait_for { descriptors() <= $descriptors } 'so few descriptors', 5 }, 'no descriptor is left open'
    or diag descriptors() . " instead of $descriptors";
is slurp($d->dir . '/pid'), $d->pid . "\n", 'the pid file is true';
my $second = program('deferd', '-F', '-f', $d->config, '-p', $d->dir . '/pid');
is $second->{status}, 69, '... and still locked';
is_deeply [grep { slurp("/proc/$_/stat") =~ /\) Z/ } $d->leftovers], [], 'no zombies';

# --- what runs is finished, what comes meanwhile waits ---
my $slow = $d->client;
$slow->write($slow->text(POST => '/v1/apps/demo/tasks',
	{ kind => 'function', name => 'slow', execution => 'sync', params => { s => 0.6 } },
	Authorization => 'Bearer master-key'));
wait_for { grep { $_->{leases} } $d->workers } 'the slow call runs';
restarted('restart with a call in a worker');
is $slow->read(5)->{json}{result}, 'slept', '... which was finished';
is $slow->is_closed(2), 1, '... and its connection closed';
my $long = $d->call('slow', { s => 60 }, execution => 'async')->{json}{id};
my $began = time;
restarted('restart with a task that is longer than the grace');
cmp_ok time - $began, '<', 6, '... does not wait for it';
is count('dropped 1 tasks that had not ended'), 1, '... and the log tells';
is $d->native(GET => "/tasks/$long")->{status}, 404, '... the memory store keeps nothing';

# --- what is not good is refused ---
spill($d->config, $good =~ s/workers/workerz/r);
refused('deferd\.yaml:\d+:\d+: .*workerz', 'a bad config');
spill($d->config, $good);
spill($d->dir . '/handlers/z.rb', "\ndef broken(\n");
refused('z\.rb:\d+: SyntaxError', 'a bad handler file');
unlink $d->dir . '/handlers/z.rb';
my $taken = Deferd->start(handlers => '', config => { workers => 1 });
spill($d->config, $good =~ s{"http://127\.0\.0\.1:0"}{"http://127.0.0.1:0", "@{[$taken->url]}"}r);
refused('cannot listen on ' . $taken->url . ': Address already in use', 'a taken port');
spill($d->config, $good =~ s{"listen"}{"log": {"target": "/nowhere/log"}, "listen"}r);
refused('log /nowhere/log: No such file', 'a log that cannot be opened');
spill($d->config, $good);
is $d->ctl('restart')->{version}, $d->ctl(qw(show info))->{version}, 'the answer as JSON';
is version(), 1, '... of one that runs';

# --- other addresses ---
my $url = $taken->url;
$taken->stop_ok;
spill($d->config, $good =~ s{"http://127\.0\.0\.1:0"}{"$url", "http://127.0.0.1:0"}r);
my $was = $d->url;
restarted('a restart with one more address');
is_deeply $d->ctl(qw(show info))->{urls}, [$url, $was], '... the first keeps its port';
spill($d->config, $good =~ s{control\.sock}{control2.sock}r =~ s{http://127\.0\.0\.1:0}{$url}r);
my $r = $d->deferctl('restart');
is $r->{status}, 0, 'a restart with another control socket';
ok !-e $d->socket, '... removes the old one';
$d->{socket} =~ s/control/control2/;
is_deeply $d->ctl(qw(show info))->{urls}, [$url], '... and listens where it should alone';
like $d->log, qr/control socket \S+control\.sock: removed/, '... which the log tells';
ok !eval { Http->new($was) }, 'the old address is refused';
$d->{url} = $url;
is version(), 1, 'the other one is served';

# --- a stop wins ---
$d->call('slow', { s => 60 }, execution => 'async');
my $asked = $d->client; # kept: the restart lasts
IO::Socket::UNIX->new(Peer => $d->socket)->print("restart\n");
wait_for { $d->ctl(qw(show info))->{phase} eq 'stopping' } 'the restart';
$d->stop_ok('TERM during a restart stops');
like $d->log, qr/no restart: deferd stops instead/, '... and says so';

# --- a store on disk: what waits is done by the next one ---
$d = Deferd->start(config => { workers => 1, shutdown => { grace => '5s' },
	store => { engine => 'sqlite', path => '{dir}/store' } }, handlers => <<'EOF2');
Cloud.function("version") { |req| 1 }
Cloud.function("slow") { |req| Deferred.delay(req.params["s"], "slept") }
EOF2
my @ids = map { $d->call('slow', { s => 0.3 }, execution => 'async')->{json}{id} } 1 .. 5;
$began = time;
restarted('restart with a store, and tasks that wait');
cmp_ok time - $began, '<', 1.3, '... does not wait for all of them';
for my $id (@ids) {
	ok eval { wait_for { ($d->native(GET => "/tasks/$id")->{json}{state} // '') eq 'done' } 'done', 5 },
	    '... and each is done';
}
@ids = map { $d->call('slow', { s => 0.3 }, execution => 'async')->{json}{id} } 1 .. 3;
my $before = () = $d->log =~ / ready: /g;
$d->signal('USR2');
wait_for { (() = $d->log =~ / ready: /g) > $before } 'ready again', 10;
for my $id (@ids) {
	ok eval { wait_for { ($d->native(GET => "/tasks/$id")->{json}{state} // '') eq 'done' } 'done', 5 },
	    'USR2 restarts, too';
}
$d->stop_ok;

# --- another program ---
my $own = Deferd->prepare(handlers => 'Cloud.function("version") { |req| 1 }', config => { workers => 1 });
my $copy = $own->dir . '/deferd';
copy(program_path('deferd'), $copy) or die "$copy: $!";
chmod 0755, $copy;
$own->{program} = $copy;
$own->launch->wait_ready;
$d = $own;
sub replace { my ($text) = @_; unlink $copy; spill($copy, $text); chmod 0755, $copy; return }
replace("#!/bin/sh\necho this is not it >&2\nexit 3\n");
refused('this is not it', 'a program that does not work');
unlink $copy;
refused("$copy cannot be started: No such file", 'a program that is not there');
replace("#!/bin/sh\necho \"\$\@\" >>$copy.log\nexec @{[program_path('deferd')]} \"\$\@\"\n");
restarted('another program that works');
like slurp("$copy.log"), qr/-t -f \S+\n-F -f \S+$/m, '... was tried, and then started';
$d->stop_ok;
done_testing;
