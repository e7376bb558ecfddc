#!/usr/bin/perl
# rooms.t: who may include whom, and which rooms are pure.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Lint;
use Test::More;

# libc's headers, and Linux's: all that common/ may use besides msgpack-c.
my %libc = map { $_ => 1 } qw(ctype dirent errno fcntl float getopt grp inttypes limits locale math
	poll pwd sched setjmp signal stdarg stdatomic stdbool stddef stdint stdio stdlib string
	strings syslog termios time unistd netdb);
my %pure = map { $_ => 1 } qw(common/ctlproto common/msg supervisor/brake supervisor/heart
	supervisor/hist supervisor/lane supervisor/lease supervisor/life supervisor/task);

my (%system, %own); # file -> [[line, header]]
for my $file (files(qr/\.(?:c|h|def)$/)) {
	my $n = 0;
	($system{$file}, $own{$file}) = ([], []);
	for (lines($file)) {
		$n++;
		push @{$system{$file}}, [$n, $1] if /^\s*#\s*include\s*<([^>]+)>/;
		push @{$own{$file}}, [$n, resolve($file, $1)] if /^\s*#\s*include\s*"([^"]+)"/ && $1 ne 'config.h';
	}
}

# "../common/buf.h" in supervisor/lane.c -> "common/buf.h"
sub resolve {
	my ($file, $header) = @_;
	my @path = split m{/}, $file =~ s{[^/]+$}{}r . $header;
	my @out;
	for (@path) {
		if ($_ eq '..') { pop @out } else { push @out, $_ }
	}
	return join '/', @out;
}

# Complaints about includes: in files that match, of headers that match.
sub includes {
	my ($table, $in, $of, $why) = @_;
	my @bad;
	for my $file (grep { $_ =~ $in } sort keys %$table) {
		push @bad, map { "$file:$_->[0]: $_->[1]: $why" }
		    grep { $_->[1] =~ $of } @{$table->{$file}};
	}
	return @bad;
}

my $all = keys %own;

verdict 'supervisor and worker do not include each other', $all,
    includes(\%own, qr{^supervisor/}, qr{^worker/}, 'the supervisor never runs user code'),
    includes(\%own, qr{^worker/}, qr{^supervisor/}, 'a worker never sees queues');
verdict 'common includes nothing above it', $all,
    includes(\%own, qr{^common/}, qr{^(?!common/)}, 'common knows nobody');
verdict 'NNG only in link.c and link_close.c', $all,
    includes(\%system, qr{^(?!t/|.*/link(?:_close)?\.c$)}, qr{^nng/}, 'only */link.c speaks NNG');
verdict 'mruby only in worker', $all,
    includes(\%system, qr{^(?!worker/|t/)}, qr{^mruby}, 'only worker/ runs Ruby');
verdict 'libcurl only in worker/http_*', $all,
    includes(\%system, qr{^(?!worker/http_\w+\.[ch]$)}, qr{^curl/}, 'only worker/http_* speak HTTP');
verdict 'libyaml only in conf_yaml.c', $all,
    includes(\%system, qr{^(?!supervisor/conf_yaml\.c$)}, qr{^yaml\.h}, 'only conf_yaml.c reads YAML');
verdict 'databases only in their store engine', $all,
    includes(\%system, qr{^(?!supervisor/store_|t/fault/faultvfs\.c$)}, qr{^(?:sqlite3|libpq)}, 'only a store engine');

my @foreign;
for my $file (grep { m{^common/} } sort keys %system) {
	for (@{$system{$file}}) {
		my ($n, $header) = @$_;
		my $name = $header =~ s/\.h$//r;
		next if $libc{$name} || $header =~ m{^(?:sys|netinet|arpa|linux)/} || $header =~ m{^msgpack};
		push @foreign, "$file:$n: $header: common uses libc and msgpack-c";
	}
}
verdict 'common uses libc and msgpack-c', $all, @foreign;

# A header of libevent is needed where a callback of the loop is, and nowhere else.
my @idle;
for my $file (grep { !m{^t/} } sort keys %system) {
	my @events = grep { $_->[1] =~ m{^event2/} } @{$system{$file}} or next;
	my $text = slurp($file);
	if ($file =~ m{^common/}) {
		push @idle, "$file: no loop in common";
	} elsif ($text !~ /\bevutil_socket_t\b|\bstruct (?:evhttp|evbuffer|bufferevent|event|evconn)\w* \*/) {
		push @idle, "$file:$events[0][0]: $events[0][1]: no loop callback lives here";
	}
}
verdict 'libevent only where a loop callback lives', $all, @idle;

# deferctl: its own files and common/.
my $make = slurp('Makefile.am') =~ s/\\\n//gr;
my ($sources) = $make =~ /^supervisor_deferctl_SOURCES\s*=\s*(.*)$/m;
my %ctl = map { $_ => 1 } split ' ', $sources // '';
my @ctl_bad;
for my $file (sort keys %ctl) {
	next if !$own{$file};
	push @ctl_bad, map { "$file:$_->[0]: $_->[1]: deferctl uses common/ and its own files" }
	    grep { $_->[1] !~ m{^common/} && !$ctl{$_->[1]} } @{$own{$file}};
}
verdict 'deferctl uses common only', scalar(keys %ctl), @ctl_bad;

# Everything that a pure room sees, through its own headers too.
sub closure {
	my ($file, $seen) = @_;
	return if $seen->{$file}++ || !$own{$file};
	closure($_->[1], $seen) for @{$own{$file}};
}
my (@impure, $rooms);
for my $file (grep { my $room = s/\.[ch]$//r; $pure{$room} } sort keys %own) {
	$rooms++;
	closure($file, \my %seen);
	for my $part (sort keys %seen) {
		push @impure, map { "$file: $part:$_->[0]: $_->[1]: a pure room does no I/O" }
		    grep { $_->[1] =~ m{^(?:event2/|nng/|sys/(?:socket|epoll|un|signalfd)|netinet/|poll|unistd|fcntl)} }
		    @{$system{$part} // []};
	}
	my $n = 0;
	for (lines($file)) {
		$n++;
		push @impure, "$file:$n: $1: a pure room is told the time"
		    if /\b(clock_(?:now|wall)_\w+|gettimeofday|clock_gettime|time)\s*\((?:NULL|0|\)|CLOCK|&)/;
	}
}
verdict 'pure rooms see no sockets and read no clock', $rooms, @impure;
for my $room (sort keys %pure) {
	diag "$room is not there yet" if !-f "$TOP/$room.c";
}

# What can be written to and outlives a call, in what was built.
my $build = $ENV{DEFERD_BUILD} // (-d "$TOP/build" ? "$TOP/build" : $TOP);
my @objects = glob "$build/common/*.o $build/supervisor/*.o $build/worker/*.o";
SKIP: {
	skip 'objdump is not installed', 1 if !grep { -x "$_/objdump" } split /:/, $ENV{PATH};
	my @global;
	for my $object (@objects) {
		for (`objdump -t "$object" 2>/dev/null`) {
			next if !/ O (\.data|\.bss)(\S*)\s+\S+\s+(\S+)$/ || $2 =~ /^\.rel\.ro/;
			my $name = $3;
			next if $name =~ /^(?:\.L|_*asan|_*odr_asan|__gcov|\.Lubsan)/ || $name eq 'logger';
			push @global, $object =~ s{^\Q$build\E/}{}r . ": $name: only the logger is global";
		}
	}
	verdict 'no global state but the logger', scalar(@objects), @global;
}

done_testing;
