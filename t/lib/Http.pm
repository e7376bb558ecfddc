package Http;
use strict;
use warnings;
use Carp qw(croak);
use IO::Select;
use IO::Socket::IP;
use JSON::PP ();
use Time::HiRes qw(time);

=head1 NAME

Http - HTTP for tests: kept-alive connections, odd bytes, many requests at once

=head1 SYNOPSIS

    my $c = Http->new($url);                     # connects
    my $r = $c->request(POST => '/v1/...', { kind => 'function' }, Authorization => 'Bearer k');
    is $r->{status}, 200;                        # headers (lower case), body, json, took

    $c->write("GET / HTTP/1.1\r\n");             # bytes as they are
    my $r = $c->read(5);                         # the next answer, within 5 s; status 0: closed
    ok $c->is_closed(2);                         # the server closes within 2 s

    my @r = Http::many($url, 50, [GET => '/healthz'], ...);   # 50 connections

A body that is a reference is sent as JSON. C<read> and C<request> die when the answer does
not come in time (10 s).

=cut

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

sub new {
	my ($class, $url) = @_;
	my ($host) = $url =~ m{^http://([^/]+)} or croak "not a URL: $url";
	my $socket = IO::Socket::IP->new(PeerAddr => $host, Timeout => 5) or croak "$host: $@";
	$socket->autoflush(1);
	return bless { host => $host, socket => $socket, in => '' }, $class;
}

sub socket { return $_[0]{socket} }

sub text {
	my ($self, $method, $path, $body, %headers) = @_;
	$body = $json->encode($body) if ref $body;
	$headers{'Content-Type'} //= 'application/json' if defined $body;
	$headers{'Content-Length'} //= length($body // '') if defined $body || $method ne 'GET';
	my $text = "$method $path HTTP/1.1\r\nHost: $self->{host}\r\n";
	$text .= "$_: $headers{$_}\r\n" for sort keys %headers;
	return "$text\r\n" . ($body // '');
}

sub write {
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	for (my $at = 0; $at < length $bytes;) {
		my $n = syswrite($self->{socket}, $bytes, 65536, $at) // return 0;
		$at += $n;
	}
	return 1;
}

sub request {
	my ($self, @what) = @_;
	$self->{began} = time;
	$self->{head} = $what[0] eq 'HEAD';
	$self->write($self->text(@what));
	return $self->read(10);
}

# More bytes; false when the server has closed.
sub _more {
	my ($self, $end) = @_;
	my $left = $end - time;
	croak 'no answer in time; so far: ' . substr($self->{in}, 0, 500)
		unless $left > 0 && IO::Select->new($self->{socket})->can_read($left);
	return sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
}

# A whole answer at the front of the input, taken out of it; nothing when it is not there.
sub _take {
	my ($self, $closed) = @_;
	return unless $self->{in} =~ m{^HTTP/1\.[01] (\d+)([^\r\n]*)\r\n((?:[^\r\n]+\r\n)*)\r\n}s;
	my %r = (status => $1, reason => $2, headers => {}, body => '');
	my $at = $+[0];
	for (split /\r\n/, $3) {
		$r{headers}{lc $1} = $2 if /^([^:]+):\s*(.*?)\s*$/;
	}
	my $bytes = $r{headers}{'content-length'};
	if ($self->{head} || $r{status} == 204 || $r{status} == 304 || $r{status} < 200) {
		$bytes = 0;
	} elsif (lc($r{headers}{'transfer-encoding'} // '') eq 'chunked') {
		pos($self->{in}) = $at;
		while ($self->{in} =~ /\G([0-9a-fA-F]+)[^\r\n]*\r\n/gc) {
			my $n = hex $1;
			my $from = pos $self->{in};
			return if length $self->{in} < $from + $n + 2;
			$r{body} .= substr $self->{in}, $from, $n;
			pos($self->{in}) = $from + $n + 2;
			if ($n == 0) {
				substr($self->{in}, 0, pos $self->{in}) = '';
				return _decoded(\%r);
			}
		}
		return;
	} elsif (!defined $bytes) {
		return unless $closed;
		$bytes = length($self->{in}) - $at;
	}
	return if length $self->{in} < $at + $bytes;
	$r{body} = substr $self->{in}, $at, $bytes;
	substr($self->{in}, 0, $at + $bytes) = '';
	return _decoded(\%r);
}

sub _decoded {
	my ($r) = @_;
	$r->{json} = eval { $json->decode($r->{body}) };
	return $r;
}

sub read {
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // 10);
	my ($r, $closed);
	until ($r = $self->_take($closed)) {
		return { status => 0, headers => {}, body => $self->{in} } if $closed;
		$closed = !$self->_more($end);
	}
	$r->{took} = time - $self->{began} if $self->{began};
	return $r;
}

sub is_closed {
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // 5);
	while (eval { $self->_more($end) }) { }
	return !$@;
}

sub close {
	my ($self) = @_;
	return CORE::close($self->{socket});
}

sub many {
	my ($url, $at_once, @requests) = @_;
	my ($next, @answers, %busy) = (0);
	my $select = IO::Select->new;
	my $end = time + 60;
	my $send = sub {
		my ($c) = @_;
		$c->{number} = $next;
		$c->{began} = time;
		$c->write($c->text(@{ $requests[$next++] }));
	};
	while ($next < @requests || %busy) {
		while ($next < @requests && keys %busy < $at_once) {
			my $c = Http->new($url);
			$busy{ fileno $c->{socket} } = $c;
			$select->add($c->{socket});
			$send->($c);
		}
		croak 'many: no answer in time' if time > $end;
		for my $socket ($select->can_read(1)) {
			my $c = $busy{ fileno $socket };
			my $closed = !$c->_more(time + 1);
			my $r = $c->_take($closed);
			next unless $r || $closed;
			$r //= { status => 0, headers => {}, body => $c->{in} };
			$r->{took} = time - $c->{began};
			$answers[$c->{number}] = $r;
			if (!$closed && $next < @requests && ($r->{headers}{connection} // '') ne 'close') {
				$send->($c);
				next;
			}
			$select->remove($socket);
			delete $busy{ fileno $socket };
			CORE::close($socket);
		}
	}
	return @answers;
}

1;
