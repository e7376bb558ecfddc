#!/usr/bin/perl
# No descriptors left: new connections wait or are refused, nothing spins, what is open is
# served, and all is well when some are free again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my $d = start(workers => { concurrent => 2 }, options => { limits => { n => 96 } });
my $kept = run($d, 'wait', { for => 2.5, value => 'kept' });
worker_of($d, 'wait');
my ($host) = $d->url =~ m{//(.*)};
my @open;
for (1 .. 300) {
	my $s = IO::Socket::INET->new(PeerAddr => $host, Timeout => 0.2) or last;
	push @open, $s;
}
cmp_ok scalar(@open), '>', 50, @open . ' connections opened';
my $cpu = cpu_seconds($d->pid);
my $end = time + 1;
until_true('the end of a second', sub { time > $end });
$cpu = cpu_seconds($d->pid) - $cpu;
cmp_ok $cpu, '<', 0.3, sprintf 'no spin: %.2f s of processor time in 1 s', $cpu;
is $kept->answer(10)->{json}{result}, 'kept', 'the call that was under way is answered';

# A worker that dies now is replaced, even if it takes until descriptors are free.
kill KILL => ($d->workers)[0]{pid} if eval { $d->workers };
close $_ for @open;
@open = ();
my $hello = until_true('an answer', sub {
	my $r = eval { run($d, 'hello', { name => 'again' })->answer(2) };
	return $r && $r->{status} == 200 && $r;
});
is $hello->{json}{result}, 'Hello again', 'calls are answered again';
pool_is_back($d, 2);
is $d->stop, 0, 'it ends as asked';

done_testing;
