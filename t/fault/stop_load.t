#!/usr/bin/perl
# TERM, QUIT and INT while clients call: whoever sent a whole request is answered, with a
# result, a 503 or as cancelled; the others are refused a connection; the exit status is 0.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use POSIX ();
use Test::More;

# Clients in processes of their own, until nobody listens; their lines: done, refused,
# and what else there was.
sub clients {
	my ($d, $n, $kept) = @_;
	return map {
		open(my $from, '-|') // die "fork: $!\n" or do {
			my ($done, $busy, $odd, $client) = (0, 0, '');
			while (1) {
				$client = eval { $d->client } if !$client || !$kept;
				last if !$client;
				my $r = eval { $client->request(POST => '/v1/apps/demo/tasks',
					{ kind => 'function', name => 'wait', execution => 'sync', params => { for => 0.01, value => 1 } },
					Authorization => 'Bearer ' . $d->key('master')) };
				if ($r && $r->{status} == 200) { $done++ }
				elsif ($r && ($r->{status} == 503 || ($r->{json}{state} // "") eq "cancelled")) { $busy++ }
				elsif ($r && $r->{status} == 0 && ($kept && $done || $busy)) { last } # closed between two calls
				else { $odd ||= $r ? "$r->{status} $r->{body}" : "no answer: $@" }
				last if $odd;
				undef $client if $r->{status} != 200;
			}
			$odd =~ s/\s+/ /g;
			print "$done $busy $odd\n";
			close STDOUT;
			POSIX::_exit(0);
		};
		$from;
	} 1 .. $n;
}

for my $signal (qw(TERM QUIT INT)) {
	my $d = start(workers => { concurrent => 2, slots => 4 });
	my @from = (clients($d, 2, 0), clients($d, 2, 1));
	until_true("calls", sub { $d->ctl(qw(show lanes))->{lanes}[0]{done} > 200 });
	kill $signal => $d->pid;
	is $d->wait(10), 0, "$signal: exit 0";
	my ($done, @odd) = (0);
	for (@from) {
		my ($ok, $busy, $odd) = split ' ', scalar <$_>, 3;
		$done += $ok;
		push @odd, $odd if $odd =~ /\S/;
	}
	cmp_ok $done, '>', 200, "$signal: $done calls were done";
	is_deeply \@odd, [], "$signal: and nobody got anything else than an answer, a refusal or no connection";
	unlike $d->log, qr/ bug: /, "$signal: no invariant was broken";
}
done_testing;
