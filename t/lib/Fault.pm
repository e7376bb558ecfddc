# Fault.pm: what the fault tests share: a deferd with t/fault/handlers, calls that are
# under way while harm is done, and its workers as processes.
package Fault;
use strict;
use warnings;
use Deferd;
use Exporter qw(import);
use FindBin;
use Program qw(wait_for);
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(start run fetch worker_of until_true pool_is_back metric cpu_seconds
	alive children fds handlers_dir with_asan);

sub handlers_dir { return "$FindBin::Bin/handlers" }

# A running deferd; the arguments are sections of its config: workers => {...}, ...
sub start {
	my (%config) = @_;
	my %options = %{ delete $config{options} // {} };
	$config{workers}{heartbeat} //= { interval => '100ms', timeout => '500ms' };
	return Deferd->start(handlers => handlers_dir(), config => \%config, %options);
}

# A native call, under way: its answer is read with ->answer($seconds). Options: members of
# the task: execution, timeout, kind.
sub run {
	my ($d, $name, $params, %o) = @_;
	my %task = (kind => 'function', name => $name, execution => 'sync', %o);
	$task{params} = $params if defined $params;
	my $c = $d->client;
	$c->write($c->text(POST => '/v1/apps/demo/tasks', \%task,
		Authorization => 'Bearer ' . $d->key('master')));
	return bless { client => $c, began => time }, 'Fault::Call';
}

# The answer; dies when it does not come in time. Status 0: the connection was closed. took
# is from the start to when it was read.
sub Fault::Call::answer {
	my ($self, $seconds) = @_;
	return $self->{answer} //= do {
		my $r = $self->{client}->read($seconds // 10);
		$r->{took} = time - $self->{began};
		$self->{client}->close;
		$r;
	};
}

# A GET, answered.
sub fetch {
	my ($d, $path) = @_;
	return $d->http(GET => $path, undef, Authorization => 'Bearer ' . $d->key('master'));
}

# Calls $try until it says something true, and returns that; dies after $seconds.
sub until_true {
	my ($what, $try, $seconds) = @_;
	return &wait_for($try, $what, $seconds);
}

# The worker (as deferctl shows it) that runs a handler of that name, once there is one.
sub worker_of {
	my ($d, $name) = @_;
	return until_true("a worker that runs $name", sub {
		my ($w) = grep { ($_->{task_name} // '') eq $name } $d->workers;
		return $w;
	});
}

# A test: all seats have a ready worker again, and a call is answered.
sub pool_is_back {
	my ($d, $want, $name) = @_;
	my $ready = eval {
		until_true('the whole pool', sub {
			return $want == grep { $_->{state} eq 'ready' } $d->workers;
		});
	};
	my $hello = run($d, 'hello', { name => 'again' })->answer(5);
	is_deeply [$ready, $hello->{json}{result}], [1, 'Hello again'],
		$name // "the pool is back: $want workers";
	return;
}

# A metric's value, all labels summed.
sub metric {
	my ($d, $name) = @_;
	my ($sum, $text) = (0, fetch($d, '/metrics')->{body});
	$sum += $1 while $text =~ /^\Q$name\E(?:\{[^}]*\})? ([0-9.e+]+)$/mg;
	return $sum;
}

sub _stat_fields {
	my ($pid) = @_;
	open my $f, '<', "/proc/$pid/stat" or return;
	my $line = <$f> // return;
	return ($line =~ s/^.*\) //r);
}

# Processor time that a process has used.
sub cpu_seconds {
	my ($pid) = @_;
	my @f = split ' ', _stat_fields($pid) // return 0;
	return ($f[11] + $f[12]) / 100;
}

# There is such a process, and it is no zombie.
sub alive {
	my ($pid) = @_;
	my $stat = _stat_fields($pid);
	return defined $stat && $stat !~ /^Z/;
}

# The children of a process: [pid, state letter] each.
sub children {
	my ($parent) = @_;
	my @found;
	for (glob '/proc/[0-9]*') {
		my ($pid) = m{(\d+)$};
		my ($state, $ppid) = split ' ', _stat_fields($pid) // next;
		push @found, [$pid, $state] if $ppid == $parent;
	}
	return @found;
}

# This build has AddressSanitizer, which keeps what was freed and reads /proc.
sub with_asan { return `nm "$ENV{DEFERD_BUILD}/supervisor/deferd" 2>/dev/null` =~ /__asan_init/ }

sub fds {
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/fd" or return -1;
	return scalar grep { /^\d/ } readdir $dir;
}

1;
