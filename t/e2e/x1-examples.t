#!/usr/bin/perl
# x1-examples.t: every example of deferd(8), deferctl(8), deferd.yaml(5) and
# deferd-control(7) is run as it stands, in a shell, and does what the page shows. Those of
# deferd-http(7) are h06's.
#
# A mark in the page's source, .\" example: KIND, says how: run (a daemon is there), control
# (the same, with nc and socat), stream (it would not end by itself), foreground, explain,
# config. Lines behind $ or # are commands, what follows them is their output; without
# such lines all of it is a script. Paths and ids of the page become the test's.
use strict;
use warnings;
use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use File::Path qw(make_path);
use Page;
use POSIX qw(WNOHANG);
use Program qw(program_path slurp spill);
use Test::More;

my $has_tools = 2 == grep { my $tool = $_; grep { -x "$_/$tool" } split /:/, $ENV{PATH} } qw(nc socat);
my $handlers = <<'RUBY';
Cloud.function("hello") { |req| "hello" }
Cloud.function("fail") { |req| raise "no" }
Cloud.function("slow") { |req| Deferred.delay(60) }
RUBY
my $d = Deferd->prepare(handlers => $handlers, config => {
	workers => { concurrent => 4 }, pidFile => '{dir}/deferd.pid', log => { target => '{dir}/deferd.log' },
	apps => [{ id => 'demo', handlers => '{dir}/handlers', keys => { master => 'master-key' } },
		{ id => 'shop', handlers => '{dir}/shop', keys => { master => 'shop-master-key' } }] });
my $dir = $d->dir;
make_path("$dir/bin", "$dir/shop");
spill("$dir/shop/a.rb", 'Cloud.function("price") { |req| 1 }');
# The programs as they would be if they were installed.
spill("$dir/bin/deferd", "#!/bin/sh\ncase \"\$*\" in *-f*) ;; *) set -- \"\$@\" -f $dir/deferd.yaml ;; esac\n"
	. 'DEFERD_WORKER=' . program_path('deferd-worker') . ' exec ' . program_path('deferd') . " \"\$@\"\n");
chmod 0755, "$dir/bin/deferd";
symlink program_path('deferctl'), "$dir/bin/deferctl" or die;
$ENV{PATH} = "$dir/bin:$ENV{PATH}";
$ENV{DEFERD_SOCKET} = $d->socket;
my $home = getcwd();
chdir $dir or die;
END { chdir $home if $home }

# { failed => id, running => id }: what the ids of the page become.
sub ids {
	$d->call('fail');
	$d->call('slow', undef, execution => 'async') if !grep { $_->{task_id} } $d->workers;
	my $run = wait_for { (map { $_->{task_id} // () } $d->workers)[0] } 'a running task';
	my ($failed) = @{ $d->ctl(qw(show tasks state failed))->{tasks} };
	return (failed => $failed->{id}, running => $run);
}

sub ensure_daemon {
	return if $d->pid && (eval { $d->ctl(qw(show info))->{phase} } // '') eq 'running';
	$d->wait if $d->pid; # an example ended it
	$d->launch;
	$d->wait_ready;
}

sub adapt {
	my ($text) = @_;
	my %id = $text =~ /1f2a9c03bd11/ ? ids() : ();
	$text =~ s{/run/deferd/control\.sock}{$d->socket}ge;
	$text =~ s{/run/deferd/deferd\.pid}{$dir/deferd.pid}g;
	$text =~ s{(kill )1f2a9c03bd11}{$1 . substr $id{running}, -12}ge;
	$text =~ s{1f2a9c03bd11}{substr $id{failed}, -12}ge;
	return $text;
}

# Is it a command that the shell would not ask more of?
sub is_whole {
	my ($command) = @_;
	spill("$dir/command", $command);
	return system("sh -n $dir/command 2>/dev/null") == 0;
}

# [command, output or undef] of a display.
sub steps {
	my ($display) = @_;
	return [$display, undef] if $display !~ /^[\$#] /m;
	my @steps;
	for my $line (split /^/, $display) {
		if ($line =~ s/^[\$#] //) {
			push @steps, [$line, ''];
		} elsif ($steps[-1][1] eq '' && !is_whole($steps[-1][0])
			|| $steps[-1][0] =~ /(?:\||\\|&&)\n\z/ && $steps[-1][1] eq '') {
			$steps[-1][0] .= $line;
		} else {
			$steps[-1][1] .= $line;
		}
	}
	return @steps;
}

# Runs a command to its end, 20 s at most: (status, output).
sub shell {
	my ($command) = @_;
	spill("$dir/command", $command);
	my $out = qx{timeout 20 sh $dir/command 2>&1 </dev/null};
	return ($? >> 8, $out);
}

sub run {
	my ($what, $display, $want) = @_;
	ensure_daemon();
	for (steps($display)) {
		my ($command, $shown) = @$_;
		my ($status, $out) = shell(adapt($command));
		my $ok = $status == ($want // 0) && (!length($shown // '') || fits($out, $shown));
		ok $ok, "$what: " . $command =~ s/\s+/ /gr or diag "status $status\n$out", $shown ? "shown:\n$shown" : '';
	}
}

# What would not end by itself: it is let go when its output has come.
sub start_shell {
	my ($command) = @_;
	spill("$dir/command", $command);
	my $pid = fork // die;
	return $pid if $pid;
	setpgrp;
	open STDOUT, '>', "$dir/out";
	open STDERR, '>&', \*STDOUT;
	exec 'sh', "$dir/command" or POSIX::_exit(127);
}
sub end_shell {
	my ($pid) = @_;
	kill TERM => -$pid;
	waitpid $pid, 0;
}

my %how = (
	run => \&run,
	control => sub { SKIP: { skip 'nc or socat is not installed', 1 if !$has_tools; run(@_) } },
	foreground => sub {
		my ($what, $display) = @_;
		my $pid = start_shell($display);
		my $up = wait_for { eval { $d->ctl(qw(show info))->{ready} } } 'it is ready';
		ok $up, "$what: it runs in the foreground";
		like slurp("$dir/out"), qr/deferd\.yaml: configuration and handlers are good/, "$what: the check says so";
		$d->ctl('stop');
		waitpid $pid, 0;
		is $? >> 8, 0, "$what: status 0";
	},
	explain => sub {
		my ($what, $display) = @_;
		ensure_daemon();
		my $yaml = slurp("$dir/deferd.yaml");
		spill("$dir/deferd.yaml", $yaml =~ s/("concurrent" : 4)/$1, "slots": 4/r);
		spill("$dir/shop/prices.rb", "\n" x 11 . 'Cloud.function("discount") { |req| 2 }');
		run($what, $display, 1);
		unlink "$dir/shop/prices.rb";
		spill("$dir/deferd.yaml", $yaml);
	},
	stream => sub {
		my ($what, $display) = @_;
		ensure_daemon();
		my ($step) = steps($display);
		my $before = $d->ctl(qw(show info))->{workers_died};
		my $pid = start_shell($step->[0]);
		wait_for {
			kill KILL => (grep { $_->{state} eq 'ready' } $d->workers)[0]{pid} // return 0;
			select undef, undef, undef, 0.05;
			slurp("$dir/out") =~ /"event":"death"/;
		} 'the event';
		pass "$what: " . $step->[0] =~ s/\s+/ /gr;
		end_shell($pid);
	},
	config => sub {
		my ($what, $display) = @_;
		make_path(map { "$dir/tree/$_" } 'etc/deferd/handlers', 'srv/shop/handlers', 'srv/reports/handlers', 'handlers');
		spill("$dir/tree/etc/deferd/shop.master", "the-shops-master-key\n");
		spill("$dir/tree/x.yaml", $display =~ s{(?<=\s)/(?=etc/|srv/)}{$dir/tree/}gr);
		my ($status, $out) = shell("cd $dir/tree && deferd -t -f x.yaml");
		is $status, 0, "$what: a good config" or diag $out;
	});

for my $page (qw(deferd.8 deferctl.8 deferd.yaml.5 deferd-control.7)) {
	my $section = page_section($page, 'EXAMPLES');
	my $displays = () = $section =~ /^\.(?:Bd|Dl)\b/gm;
	my @examples = page_marked($page, 'example');
	is scalar(@examples), $displays, "$page: each example is marked";
	my $n = 0;
	for (@examples) {
		my ($kind, $display) = @$_;
		$how{$kind}->("$page, example " . ++$n, $display);
	}
}
ensure_daemon();
$d->stop_ok;
done_testing;
