package Deferd;
use strict;
use warnings;
use Carp qw(croak);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Http;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX qw(WNOHANG);
use Program qw(build program program_path slurp spill wait_for);
use Exporter qw(import);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(build program wait_for); # of Program, for short

=head1 NAME

Deferd - a private daemon for a test

=head1 SYNOPSIS

    use FindBin;
    use lib "$FindBin::Bin/../lib";
    use Deferd;
    use Test::More;

    my $d = Deferd->start(
        handlers => 'Cloud.function("hello") { |req| "Hello #{req.params["name"]}" }',
        config => { workers => { concurrent => 2 } });
    my $r = $d->call(hello => { name => 'Ann' });      # native, sync, master key
    is $r->{json}{result}, 'Hello Ann';
    is $d->ctl(qw(show info))->{phase}, 'running';
    $d->stop_ok;                                        # TERM, exit 0, nothing left
    done_testing;

The daemon runs from C<$DEFERD_BUILD> (else F<build> or the tree itself) in the foreground
with everything in a temporary folder: config, handlers, control socket, log. It listens on
a port of the kernel's choice. When a test failed, the folder is kept and the end of the log
is printed. Whatever was started is killed at the end of the test.

=head1 MAKING ONE

=over

=item Deferd->start(%options)

Starts a daemon and waits until it is ready; dies with the log when it does not get so far.
Options:

    handlers  a folder, or Ruby text, or { 'a.rb' => text, ... }
    config    sections of the config, over the defaults: { workers => {...}, apps => [...] }
    yaml      the whole config as text instead; in both {dir} stands for the folder
    again     a Deferd that has ended: its folder, so its config and its log, are used
    limits    { n => 96 }: ulimit -n
    env       { NAME => value }
    args      more words for the command line
    program   the deferd to run
    ready     0: do not wait until it is ready
    seconds   how long to wait for that (10)

The default app is C<demo> with the keys C<rest-key>, C<javascript-key>, C<master-key>.

=item Deferd->prepare(%options)

The same, only that nothing is started: C<launch> does that.

=item $d->check(@words)

Runs C<deferd @words -f CONFIG> to its end: { status, out, err }.

=back

=head1 ASKING IT

=over

=item url pid dir socket key($role) config log

The first URL, the process id, the folder, the control socket, a key of the app demo, the
path of the config, the text of the log.

=item $d->http($method, $path, $body, %headers)

One request with a connection of its own, see L<Http>. C<< $d->client >> is a connection that is
kept.

=item $d->native($method, $path, $body, %headers), $d->call($name, $params, %task)

As C<http>, with the master key, below /v1/apps/demo; and a function called in sync. C<%task> are
more members of the request: kind, execution, timeout.

=item $d->ctl(@words)

What deferd says over the control socket to the words, as data. Dies when it refuses.

=item $d->deferctl(@words)

The same with the program: { status, out, err }, text unless C<-j> is the first word.

=item $d->workers, $d->log_has($regex, $seconds)

The rows of C<show workers>; waits until the log has a line.

=back

=head1 ENDING IT

=over

=item $d->signal($name), $d->wait($seconds), $d->stop

C<wait> returns the exit status (128 + n after signal n), or undef when it still runs. C<stop>
sends TERM and kills after 15 s: status -1.

=item $d->leftovers

The processes that the daemon, or a child of it, started and that still live.

=item $d->stop_ok($name)

A test: C<stop> gives 0, the control socket is gone and there are no leftovers.

=back

=cut

my %live; # address => daemon, until its end was seen
my @kept; # every daemon of this test
my $json = JSON::PP->new->utf8->allow_nonref->canonical;
my %keys = (rest => 'rest-key', javascript => 'javascript-key', master => 'master-key');
my $owner = $$;

sub _write_handlers {
	my ($self, $handlers) = @_;
	return $handlers if defined $handlers && !ref $handlers && $handlers !~ m{\n} && -d $handlers;
	my $dir = "$self->{dir}/handlers";
	make_path($dir);
	my %files = ref $handlers ? %$handlers : ('main.rb' => $handlers // '');
	spill("$dir/$_", $files{$_}) for keys %files;
	return $dir;
}

sub prepare {
	my ($class, %o) = @_;
	my $dir = $o{again} ? $o{again}{dir} : tempdir('deferd-test-XXXXXX', TMPDIR => 1);
	my $self = bless { dir => $dir, socket => "$dir/control.sock", logfile => "$dir/log",
		config => "$dir/deferd.yaml", map { $_ => $o{$_} } qw(limits env args program seconds) }, $class;
	push @kept, $self unless $o{again};
	return $self if $o{again};
	my $handlers = $self->_write_handlers($o{handlers});
	my $text = $o{yaml};
	if (!defined $text) {
		my %config = (listen => ['http://127.0.0.1:0'], control => { socket => $self->{socket} },
			store => { engine => 'memory' }, %{ $o{config} // {} });
		$config{apps} //= [{ id => 'demo', handlers => $handlers, keys => \%keys }];
		$text = JSON::PP->new->utf8->canonical->pretty->encode(\%config);
	}
	$text =~ s/\{dir\}/$dir/g;
	spill($self->{config}, $text);
	return $self;
}

sub launch {
	my ($self) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDERR, '>>', $self->{logfile};
		open STDOUT, '>&', \*STDERR;
		open STDIN, '<', '/dev/null';
		%ENV = (DEFERD_WORKER => program_path('deferd-worker'), %ENV, %{ $self->{env} // {} },
			DEFERD_TEST => $self->{dir});
		my $n = $self->{limits}{n};
		my @limit = $n ? ('sh', '-c', "ulimit -n $n; exec \"\$@\"", 'sh') : ();
		exec @limit, $self->{program} // program_path('deferd'), '-F', '-f', $self->{config}, @{ $self->{args} // [] }
			or POSIX::_exit(127);
	}
	@$self{qw(pid status)} = ($pid, undef);
	$live{$self} = $self;
	return $self;
}

sub start {
	my ($class, %o) = @_;
	my $self = $class->prepare(%o)->launch;
	$self->wait_ready($o{seconds}) if $o{ready} // 1;
	return $self;
}

sub wait_ready {
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // 10);
	while (1) {
		my $info = eval { $self->ctl(qw(show info)) };
		if ($info && $info->{ready} && @{ $info->{urls} }) {
			$self->{url} = $info->{urls}[0];
			return $self;
		}
		my $status = $self->wait(0);
		croak "deferd ended with $status:\n" . $self->log if defined $status;
		croak "deferd was not ready in time:\n" . $self->log if time > $end;
		sleep 0.01;
	}
}

sub url { return $_[0]{url} }
sub pid { return $_[0]{pid} }
sub dir { return $_[0]{dir} }
sub socket { return $_[0]{socket} }
sub config { return $_[0]{config} }
sub key { return $keys{ $_[1] } }
sub log { return slurp($_[0]{logfile}) }

sub log_has {
	my ($self, $regex, $seconds) = @_;
	return wait_for { $self->log =~ $regex } "in the log: $regex", $seconds;
}

sub check {
	my ($self, @words) = @_;
	return program('deferd', $self->{env} // {}, @words, '-f', $self->{config});
}

sub client { return Http->new($_[0]{url}) }

sub http {
	my ($self, @request) = @_;
	return $self->client->request(@request);
}

sub native {
	my ($self, $method, $path, $body, %headers) = @_;
	$headers{Authorization} //= 'Bearer ' . $self->key('master');
	return $self->http($method, "/v1/apps/demo$path", $body, %headers);
}

sub call {
	my ($self, $name, $params, %task) = @_;
	%task = (kind => 'function', name => $name, execution => 'sync', %task);
	$task{params} = $params if defined $params;
	return $self->native(POST => '/tasks', \%task);
}

sub ctl {
	my ($self, @words) = @_;
	my $s = IO::Socket::UNIX->new(Peer => $self->{socket}) or croak "$self->{socket}: $!";
	print $s join(' ', '-j', @words), "\n";
	my $in = '';
	until ($in =~ /^(\d+) (\d+)\n(.*)$/s && length $3 >= $2) {
		IO::Select->new($s)->can_read(60) or croak "no answer on the control socket to: @words; so far: $in";
		sysread $s, $in, 65536, length $in or croak "the control socket closed: $in";
	}
	my ($code, $n, $body) = $in =~ /^(\d+) (\d+)\n(.*)$/s;
	croak "control: $code $body" if $code >= 400;
	return $json->decode(substr $body, 0, $n);
}

sub deferctl {
	my ($self, @words) = @_;
	return program('deferctl', '-s', $self->{socket}, @words);
}

sub workers { return @{ $_[0]->ctl(qw(show workers))->{workers} } }

sub signal {
	my ($self, $name) = @_;
	return kill $name => $self->{pid};
}

sub wait {
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // 10);
	until (defined $self->{status}) {
		my $got = waitpid $self->{pid}, WNOHANG;
		if ($got) {
			$self->{status} = $got < 0 ? -1 : $? & 127 ? 128 + ($? & 127) : $? >> 8;
			last;
		}
		return undef if time >= $end;
		sleep 0.005;
	}
	delete $live{$self};
	return $self->{status};
}

sub stop {
	my ($self) = @_;
	return $self->{status} if !$self->{pid} || defined $self->{status};
	$self->signal('TERM');
	my $status = $self->wait(15);
	return $status if defined $status;
	$self->signal('KILL');
	$self->wait(5);
	return -1;
}

# What was started inherits our mark in its environment: a process without exactly that
# mark is none of ours.
sub _has_mark {
	my ($pid, $mark) = @_;
	my @environment = split /\0/, slurp("/proc/$pid/environ");
	return scalar grep { $_ eq $mark } @environment;
}

sub leftovers {
	my ($self) = @_;
	my @found;
	for (glob '/proc/[0-9]*') {
		my ($pid) = m{(\d+)$};
		next if $pid == $$ || $self->{pid} && $pid == $self->{pid} && !defined $self->{status};
		push @found, $pid if _has_mark($pid, "DEFERD_TEST=$self->{dir}");
	}
	return @found;
}

sub stop_ok {
	my ($self, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @wrong;
	my $status = $self->stop;
	push @wrong, "its exit status is $status" if $status != 0;
	push @wrong, 'its control socket is still there' if -e $self->{socket};
	my @left = $self->leftovers;
	# A worker that was being made when deferd was killed looks for its parent for a while.
	for (my $end = time + 6; @left && time < $end; @left = $self->leftovers) {
		sleep 0.02;
	}
	push @wrong, "left processes: @left" if @left;
	return ok(!@wrong, $name // 'deferd stops, and leaves nothing') || diag join '; ', @wrong;
}

sub _tell_failure {
	my ($self) = @_;
	diag "kept: $self->{dir}";
	my @lines = split /\n/, $self->log;
	splice @lines, 0, @lines - 40 if @lines > 40;
	diag "  | $_" for @lines;
	return;
}

END {
	if ($$ == $owner) {
		my $status = $?;
		for my $d (values %live) {
			$d->signal('KILL');
			$d->wait(5);
		}
		my $bad = $status || !Test::More->builder->is_passing;
		for my $d (@kept) {
			kill KILL => $d->leftovers;
			$bad ? $d->_tell_failure : remove_tree($d->{dir});
		}
		$? = $status;
	}
}

1;
