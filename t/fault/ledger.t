#!/usr/bin/perl
# ledger.t [kills]: kill -9 of the supervisor at random moments while clients submit sync,
# async and low-priority tasks and a timer ticks. The clients write down every 202; in the
# end every task of theirs must be done. The last line but the verdicts is a JSON object:
# acked, done, duplicate, lost, kills, and how long a restart took until it accepted again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Http;
use IO::Socket::IP;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = shift // 50;
my $clients = 4;
my $seed = $ENV{T_SEED} // time ^ $$;
srand $seed;
note "T_SEED=$seed";

# A port that stays the same over the restarts.
my $port = do {
	my $s = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0, Listen => 1) or die $@;
	$s->sockport;
};
my $d = Deferd->prepare(
	config => { listen => ["http://127.0.0.1:$port"], workers => { concurrent => 2, slots => 2 },
		store => { engine => 'sqlite', path => '{dir}/store' },
		results => { ttl => '1h' },
		apps => [{ id => 'demo', handlers => '{dir}/handlers', blockingIo => JSON::PP::true,
			keys => { master => 'master-key', rest => 'rest-key' },
			files => [{ path => '{dir}/ran', mode => 'write' }] }] },
	handlers => <<'END');
def ran(req)
  File.open("#{req.params['dir']}/ran/#{req.params['c']}", "a") { |f| f.write "#{req.params['n']}\n" }
end
Cloud.function("quick") { |req| ran(req); req.params["n"] }
Cloud.function("slow") { |req| Deferred.delay(0.02).then { ran(req); req.params["n"] } }
Cloud.timer("tick", every: "50ms") { |req| 1 }
END

# One client: calls until it is told to stop; prints what was acknowledged.
sub client {
	my ($c, $out) = @_;
	my ($http, $n) = (undef, 0);
	my %auth = (Authorization => 'Bearer master-key');
	local $SIG{ALRM} = sub { POSIX::_exit(3) };
	alarm 600;
	until (-e $d->dir . '/stop') {
		$http //= eval { Http->new("http://127.0.0.1:$port") };
		if (!$http) {
			sleep 0.002; # tries again: the daemon is down
			next;
		}
		$n++;
		my $execution = qw(async async-low-priority async sync)[$n % 4];
		my $r = eval { $http->request(POST => '/v1/apps/demo/tasks', { name => $n % 7 ? 'quick' : 'slow',
			execution => $execution, params => { c => $c, n => $n, dir => $d->dir } }, %auth) };
		undef $http if !$r || !$r->{status} || lc($r->{headers}{connection} // '') eq 'close';
		print $out "$n $r->{json}{id}\n" if $r && $r->{status} == 202;
	}
	close $out;
	POSIX::_exit(0);
}

mkdir $d->dir . "/$_" for 'ran', 'acked';
$d->launch->wait_ready;
my @pids = map {
	my $c = $_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open my $out, '>', $d->dir . "/acked/$c" or POSIX::_exit(2);
		$out->autoflush(1);
		client($c, $out);
	}
	$pid;
} 1 .. $clients;

# --- the kills ---
my @back_ms;
for (1 .. $kills) {
	sleep 0.02 + rand 0.15; # the random moment of the kill
	$d->signal('KILL');
	$d->wait;
	my $began = time;
	$d = Deferd->start(again => $d, ready => 0);
	my $accepted = wait_for {
		my $r = eval { Http->new("http://127.0.0.1:$port")->request(POST => '/v1/apps/demo/tasks',
			{ name => 'quick', params => { c => 0, n => 0, dir => $d->dir } }, Authorization => 'Bearer master-key') };
		$r && $r->{status} == 202;
	} 'it accepts again', 20;
	BAIL_OUT("after a kill it does not come back:\n" . $d->log) if !$accepted;
	push @back_ms, (time - $began) * 1000;
}
$d->wait_ready;
open my $stop, '>', $d->dir . '/stop';
close $stop;
waitpid $_, 0 for @pids;

# --- the ledger ---
my $http = $d->client;
sub task {
	my ($id) = @_;
	return $http->request(GET => "/v1/apps/demo/tasks/$id", undef, Authorization => 'Bearer master-key')->{json};
}
my (%acked, %ran, %sum);
$sum{$_} = 0 for qw(acked done duplicate lost);
for my $c (1 .. $clients) {
	open my $in, '<', $d->dir . "/acked/$c" or die;
	/^(\d+) (\S+)$/ and $acked{"$c/$1"} = $2 while <$in>;
}
my %open = %acked;
my $ended = eval {
	wait_for {
		delete @open{ grep { (task($open{$_})->{state} // 'gone') !~ /^(accepted|queued|leased)$/ } keys %open };
		!%open;
	} 'everything ends', 60;
};
ok $ended, 'in the end nothing is left to run';
for my $c (1 .. $clients) { # only now: what has ended has written its line
	open my $in, '<', $d->dir . "/ran/$c" or next;
	/^(\d+)$/ and $ran{"$c/$1"}++ while <$in>;
}
my @lost;
for my $what (sort keys %acked) {
	$sum{acked}++;
	my $task = task($acked{$what});
	my $good = ($task->{state} // '') eq 'done' && $ran{$what};
	$sum{done}++ if $good;
	push @lost, "$what $acked{$what} $task->{state}" if !$good;
	$sum{duplicate} += $ran{$what} - 1 if $ran{$what} && $ran{$what} > 1;
}
$sum{lost} = @lost;
$sum{kills} = $kills;
@back_ms = sort { $a <=> $b } @back_ms;
$sum{back_p50_ms} = int $back_ms[@back_ms / 2];
$sum{back_p99_ms} = int $back_ms[$#back_ms * 0.99];
note(JSON::PP->new->canonical->encode(\%sum));
ok $sum{acked} > 10 * $kills, "tasks were accepted ($sum{acked})";
is $sum{lost}, 0, 'none is lost' or diag join "\n", @lost[0 .. ($#lost > 9 ? 9 : $#lost)];
# At most what was leased at a kill (4 slots), or had ended since the last commit: a few.
my $most = $kills * (4 + 16);
cmp_ok $sum{duplicate}, '<=', $most, 'few ran twice';
# The long form runs alone; beside other tests the slowest ones say how busy the machine is.
my $back = $kills >= 500 ? 'back_p99_ms' : 'back_p50_ms';
cmp_ok $sum{$back}, '<', 300, "it is back soon after a kill ($back)";
ok !(grep { /damaged|missing|unreadable/ } $d->log), 'and the store was never found damaged';
$d->stop_ok;
done_testing;
