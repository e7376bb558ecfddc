#!/usr/bin/perl
# disk.t: the disk is full, fails, or cannot sync, below a running daemon: async calls are
# refused with 507, everything else goes on, and nothing that was answered 202 is lost.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Disk;
use Test::More;

my $disk = Disk->new;
my $d = Deferd->start(env => $disk->env,
	config => { store => { engine => 'sqlite', path => '{dir}/store' }, workers => { concurrent => 2 } },
	handlers => <<'END');
Cloud.function("hello") { |req| "Hello #{req.params['n']}" }
Cloud.job("slow") { |req| Deferred.delay(req.params['s'], req.params['n']) }
END
my ($n, %accepted) = (0); # id => result

sub submit {
	my ($name, $params) = @_;
	$n++;
	my $r = $d->native(POST => '/tasks', { name => $name // 'hello', params => { %{ $params // {} }, n => $n } });
	$accepted{ $r->{json}{id} } = $name ? $n : "Hello $n" if $r->{status} == 202;
	return $r->{status};
}

sub is_lossless {
	my ($name) = @_;
	my $ended = wait_for { !grep { ($d->native(GET => "/tasks/$_")->{json}{state} // '') ne 'done' } keys %accepted }
		'every accepted task ends', 10;
	my @wrong = grep { ($d->native(GET => "/tasks/$_")->{json}{result} // '') ne $accepted{$_} } keys %accepted;
	ok $ended && !@wrong, "$name: all " . keys(%accepted) . ' accepted tasks are done' or diag "@wrong";
	return;
}

sub goes_on {
	my ($name) = @_;
	is_deeply [map { submit() } 1 .. 5], [(507) x 5], "$name: async calls are refused";
	is $d->call('hello', { n => 1 })->{json}{result}, 'Hello 1', 'sync calls go on';
	is $d->ctl(qw(show info))->{phase}, 'running', 'deferctl is answered';
	return;
}

sub killed_and_back {
	$d->signal('KILL');
	$d->wait;
	$d = Deferd->start(again => $d, env => $disk->env);
	return;
}

is submit(), 202, 'accepted' for 1 .. 5;
for my $how (qw(full broken)) {
	is submit('slow', { s => 0.1 }), 202, "$how: one is running";
	$disk->$how;
	wait_for { submit() == 507 } 'the first is refused', 5;
	goes_on($how);
	$disk->fine;
	ok wait_for { submit() == 202 } "$how: async calls are taken again", 5;
	ok $d->log_has(qr/store: it can be written again/), 'and the log says so';
	killed_and_back();
	is_lossless($how);
}

is submit('slow', { s => 0.05 }), 202, 'one is running';
$disk->sync_fails;
wait_for { submit() == 507 } 'the first is refused', 5;
goes_on('a failed sync');
$disk->fine;
goes_on('it stays so');
ok $d->log_has(qr/store: stopped: .*until deferd is started again/), 'the log says what to do';
$d->stop;
$d = Deferd->start(again => $d, env => $disk->env);
is submit(), 202, 'after a restart they are taken again';
killed_and_back();
is_lossless('a failed sync');
is $d->stop, 0, 'it stops';
done_testing;
