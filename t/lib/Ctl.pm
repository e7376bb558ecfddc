# Ctl: deferd's control protocol for scripts: one request a line, replies as
# "<code> <bytes>\n<body>".
package Ctl;
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP ();
use Time::HiRes qw(time);

# Ctl->new(PATH): connected, or undef with $! set.
sub new {
	my ($class, $path) = @_;
	my $sock = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path) or return undef;
	return bless { sock => $sock, in => '', eof => 0 }, $class;
}

sub send_raw {
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes) {
		my $n = syswrite $self->{sock}, $bytes;
		return 0 if !defined $n;
		substr($bytes, 0, $n) = '';
	}
	return 1;
}

sub send_words { my ($self, @words) = @_; $self->send_raw(join(' ', @words) . "\n") }

# A frame that is there already: (code, body), or ().
sub take {
	my ($self) = @_;
	return () if $self->{in} !~ /\A(\d{3}) (\d+)\n/;
	my ($code, $n, $head) = ($1, $2, length $&);
	return () if length($self->{in}) < $head + $n;
	my $body = substr $self->{in}, $head, $n;
	substr($self->{in}, 0, $head + $n) = '';
	return ($code, $body);
}

# Reads what comes within the seconds (0: what is there). False at the end.
sub pump {
	my ($self, $seconds) = @_;
	my $sel = IO::Select->new($self->{sock});
	while (!$self->{eof} && $sel->can_read($seconds)) {
		my $n = sysread $self->{sock}, $self->{in}, 65536, length $self->{in};
		$self->{eof} = 1 if !$n;
		$seconds = 0;
	}
	return !$self->{eof};
}

# The next frame within the seconds: (code, body), or () when none came.
sub next_frame {
	my ($self, $seconds) = @_;
	my $until = time + ($seconds // 10);
	while (1) {
		my @frame = $self->take;
		return @frame if @frame;
		my $left = $until - time;
		return () if $left <= 0 || $self->{eof};
		$self->pump($left);
	}
}

# One request: (code, body).
sub ask {
	my ($self, @words) = @_;
	$self->send_words(@words);
	return $self->next_frame(10);
}

# One request with -j: the decoded reply; dies on any other answer than 2xx.
sub json {
	my ($self, @words) = @_;
	my ($code, $body) = $self->ask('-j', @words);
	die "@words: no answer\n" if !defined $code;
	die "@words: $code $body" if $code >= 300;
	return JSON::PP::decode_json($body);
}

1;
