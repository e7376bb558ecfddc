package Disk;
use strict;
use warnings;
use Errno qw(EIO ENOSPC);
use File::Temp ();
use Program qw(build);

=head1 NAME

Disk - a disk below a daemon's store that fails, or is slow, when it is told so

=head1 SYNOPSIS

    my $disk = Disk->new;
    my $d = Deferd->start(env => $disk->env, config => { store => ... });
    $disk->full;          # writes: ENOSPC;  $disk->broken: EIO
    $disk->sync_fails;    # fdatasync: EIO
    $disk->slow($ms);     # fdatasync takes so much longer
    $disk->fine;          # all as before

=cut

sub new {
	my ($class) = @_;
	my $self = bless { file => File::Temp->new(TEMPLATE => 'deferd-disk-XXXXXX', TMPDIR => 1) }, $class;
	$self->fine;
	return $self;
}

sub env {
	my ($self) = @_;
	return { LD_PRELOAD => build() . '/t/fault/preload.so', STORE_FAULT => $self->{file}->filename,
		ASAN_OPTIONS => join(':', $ENV{ASAN_OPTIONS} // (), 'verify_asan_link_order=0') };
}

sub _say {
	my ($self, @orders) = @_;
	sysseek $self->{file}, 0, 0;
	syswrite($self->{file}, pack 'l3', @orders) == 12 or die "$!\n";
	return;
}

sub fine { return $_[0]->_say(0, 0, 0) }
sub full { return $_[0]->_say(ENOSPC, 0, 0) }
sub broken { return $_[0]->_say(EIO, 0, 0) }
sub sync_fails { return $_[0]->_say(0, EIO, 0) }
sub slow { return $_[0]->_say(0, 0, $_[1] * 1000) }

1;
