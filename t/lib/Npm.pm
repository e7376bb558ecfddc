# Npm.pm: the locked packages of t/client, installed into the build folder, and a node
# script that tests with them and prints TAP.
package Npm;
use strict;
use warnings;
use Deferd;
use Digest::SHA;
use File::Copy qw(copy);
use File::Path qw(make_path);
use FindBin;
use Program ();
use Test::More;

my @manifest = qw(package.json package-lock.json .npmrc);

sub _digest {
	my $sha = Digest::SHA->new(256);
	$sha->addfile("$FindBin::Bin/$_") for @manifest;
	return $sha->hexdigest;
}

sub _is_current {
	my ($stamp, $digest) = @_;
	open my $f, '<', $stamp or return 0;
	return (<$f> // '') eq $digest;
}

# The folder with node_modules; undef and a reason when it could not be made.
sub install {
	my $dir = Program::build() . '/t/client';
	my $digest = _digest();
	return $dir if _is_current("$dir/node_modules/.deferd", $digest);
	make_path($dir);
	copy("$FindBin::Bin/$_", "$dir/$_") or return (undef, "$dir/$_: $!") for @manifest;
	my $said = qx(cd '$dir' && npm ci --ignore-scripts --no-audit --no-fund 2>&1);
	return (undef, "npm ci: $said") if $?;
	open my $f, '>', "$dir/node_modules/.deferd" or return (undef, "$dir: $!");
	print $f $digest;
	close $f;
	return $dir;
}

# Runs SCRIPT against a deferd with t/client/handlers; ends this program.
sub test {
	my ($script) = @_;
	my ($dir, $why) = install();
	if (!$dir) {
		plan skip_all => "offline: $why" if $ENV{DEFERD_OFFLINE};
		BAIL_OUT("the SDKs could not be installed (DEFERD_OFFLINE=1 skips these tests): $why");
	}
	my $d = Deferd->start(handlers => "$FindBin::Bin/handlers", config => {
		workers => { concurrent => 2, slots => 8,
			heartbeat => { interval => '500ms', timeout => '10s' } },
	});
	local $ENV{NODE_PATH} = "$dir/node_modules";
	local $ENV{T_URL} = $d->url;
	local $ENV{T_SOCKET} = $d->socket;
	local $ENV{T_DEFERCTL} = Program::build() . '/supervisor/deferctl';
	my $status = system 'node', "$FindBin::Bin/$script";
	$d->stop;
	exit($status == 0 ? 0 : 1);
}

1;
