#!/usr/bin/perl
# marks.t: workers die beside a store: a task that kills them is given up after its third
# death, also when the supervisor was killed after the first two of them; every other task
# that was answered 202 is done.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Test::More;

my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' },
		workers => { concurrent => 2, slots => 2, heartbeat => { interval => '50ms', timeout => '200ms' } },
		apps => [{ id => 'demo', handlers => '{dir}/handlers', blockingIo => JSON::PP::true,
			keys => { master => 'master-key', rest => 'rest-key' },
			files => [{ path => '{dir}/ran', mode => 'write' }] }] },
	handlers => <<'END', ready => 0);
def ran(req, what) = File.open("#{req.params['dir']}/ran/#{what}", "a") { |f| f.write "1\n" }
Cloud.function("hello") { |req| "Hello #{req.params['n']}" }
Cloud.function("wait") { |req| Deferred.delay(0.3, req.params['n']) }
Cloud.function("spin") { |req| ran(req, "spin"); loop {} }
END
mkdir $d->dir . '/ran';
$d->wait_ready;
my (%accepted, $n);

sub submit {
	my ($name) = @_;
	$n++;
	my $r = $d->native(POST => '/tasks', { name => $name, params => { n => $n, dir => $d->dir }, execution => 'async' });
	is $r->{status}, 202, "$name $n is accepted" or return;
	$accepted{ $r->{json}{id} } = $name eq 'hello' ? "Hello $n" : $n if $name ne 'spin';
	return $r->{json}{id};
}
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub deaths { return -s($d->dir . '/ran/spin') ? (-s _) / 2 : 0 } # began so often

submit($_) for qw(hello wait);
my $spin = submit('spin');
submit($_) for qw(hello wait wait hello);
wait_for { deaths() == 3 } 'two deaths, the third run began', 15;
# A task that is answered now was committed behind the marks of the deaths.
submit('hello');
$d->signal('KILL');
$d->wait;
$d = Deferd->start(again => $d);
wait_for { task($spin)->{state} =~ /^(?:dead|failed)$/ } 'the spinning one is given up', 15;
my $t = task($spin);
is $t->{error}{code}, 'poison', 'as poison';
# The third run was cut off by the kill, which is nobody's fault: one more.
is deaths(), 4, 'its deaths before the kill count';
for my $pid (map { $_->{pid} } grep { $_->{pid} } $d->workers) {
	submit('wait');
	kill KILL => $pid;
}
wait_for { !grep { task($_)->{state} ne 'done' } keys %accepted } 'all others end', 15;
my @wrong = grep { task($_)->{result} ne $accepted{$_} } keys %accepted;
is "@wrong", '', 'all ' . keys(%accepted) . ' others are done';
is $d->stop, 0, 'it stops';
$d = Deferd->start(again => $d);
is task($spin)->{error}{code}, 'poison', 'the verdict is on disk';
is $d->stop, 0, 'it stops again';
done_testing;
