package Stub;
use strict;
use warnings;
use Carp qw(croak);
use File::Temp qw(tempdir);
use FindBin;
use Http;
use IPC::Open2 qw(open2);
use JSON::PP ();
use Program qw(spill);

=head1 NAME

Stub - a server for tests of outbound HTTP

=head1 SYNOPSIS

    plan skip_all => 'node is not installed' unless Stub->can_run;
    my $stub = Stub->start(tls => 1);
    $stub->url('http');           # http, https (HTTP/2), https1 (HTTP/1.1), bad (self-signed)
    $stub->ca;                    # the file of the CA that signed https and https1
    $stub->stats->{connections};  # requests, connections, aborted, active, most (at once)

The pages are in F<stub.js>. It ends with the test.

=cut

sub can_run { return system('node --version >/dev/null 2>&1') == 0 }

sub _openssl {
	my ($dir, @words) = @_;
	my $said = `cd '$dir' && openssl @words 2>&1`;
	croak "openssl @words: $said" if $?;
	return;
}

# A CA with a certificate for localhost, and one that nobody signed.
sub _make_tls {
	my ($dir) = @_;
	my $new = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
	spill("$dir/san", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
	_openssl($dir, "$new -x509 -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem");
	_openssl($dir, "$new -subj /CN=localhost -keyout good.key -out good.csr");
	_openssl($dir, 'x509 -req -in good.csr -CA ca.pem -CAkey ca.key -CAcreateserial'
		. ' -days 2 -extfile san -out good.pem');
	_openssl($dir, "$new -x509 -days 2 -subj /CN=localhost -keyout bad.key -out bad.pem");
	return;
}

sub start {
	my ($class, %o) = @_;
	my $dir = tempdir('deferd-stub-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	_make_tls($dir) if $o{tls};
	my $pid = open2(my $out, my $in, 'node', __FILE__ =~ s{Stub\.pm$}{stub.js}r, $o{tls} ? $dir : ());
	my $line = <$out> // croak 'the stub server did not start';
	return bless { dir => $dir, pid => $pid, in => $in, out => $out,
		urls => JSON::PP::decode_json($line) }, $class;
}

sub url { return $_[0]{urls}{ $_[1] // 'http' } // croak "no $_[1]" }
sub port { return $_[0]->url($_[1]) =~ /:(\d+)$/ ? $1 : croak 'no port' }
sub ca { return "$_[0]{dir}/ca.pem" }
sub stats { return Http->new($_[0]->url)->request(GET => '/stats')->{json} }

sub DESTROY {
	my ($self) = @_;
	local $?;
	close $self->{in};
	waitpid $self->{pid}, 0;
	return;
}

1;
