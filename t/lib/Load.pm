package Load;
use strict;
use warnings;
use POSIX ();
use Program qw(spill);

=head1 NAME

Load - clients that call without a pause while something happens to the daemon

=head1 SYNOPSIS

    my $load = Load->start($d, new => 2, kept => 2);   # processes: a connection a call; a kept one
    ...
    my $sum = $load->end;      # calls, failed (neither 200 nor an announced 503), busy (503), why

They call the function C<version> of the app demo in Parse's dialect. A kept connection is opened
again when an answer said C<Connection: close>, and not otherwise.

=cut

sub _call {
	my ($d, $stop, $kept) = @_;
	my %sum = (calls => 0, failed => 0, busy => 0, why => '');
	my %headers = ('X-Parse-Application-Id' => 'demo', 'X-Parse-REST-API-Key' => $d->key('rest'));
	my $client;
	until (-e $stop) {
		$sum{calls}++;
		my $r = eval {
			$client = $d->client if !$client || !$kept;
			$client->request(POST => '/parse/functions/version', {}, %headers);
		};
		undef $client if !$r || lc($r->{headers}{connection} // '') eq 'close';
		next if $r && $r->{status} == 200;
		if ($r && $r->{status} == 503 && $r->{headers}{'retry-after'}) {
			$sum{busy}++;
			next;
		}
		$sum{failed}++;
		$sum{why} ||= $r ? "$r->{status} $r->{body}" : $@;
	}
	$sum{why} =~ s/\s+/ /g;
	return "@sum{qw(calls failed busy why)}\n";
}

sub start {
	my ($class, $d, %clients) = @_;
	my $self = bless { stop => $d->dir . '/stop', from => [] }, $class;
	unlink $self->{stop};
	for my $kept (map { ($_ eq 'kept') x $clients{$_} } sort keys %clients) {
		open(my $from, '-|') // die "fork: $!\n" or do {
			print _call($d, $self->{stop}, $kept);
			close STDOUT;
			POSIX::_exit(0);
		};
		push @{ $self->{from} }, $from;
	}
	return $self;
}

sub end {
	my ($self) = @_;
	my %sum = (calls => 0, failed => 0, busy => 0, why => '');
	spill($self->{stop}, '');
	for my $from (@{ $self->{from} }) {
		my ($calls, $failed, $busy, $why) = split ' ', scalar <$from>, 4;
		$sum{calls} += $calls;
		$sum{failed} += $failed;
		$sum{busy} += $busy;
		$sum{why} ||= $why;
	}
	return \%sum;
}

1;
