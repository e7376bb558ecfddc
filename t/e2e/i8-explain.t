#!/usr/bin/perl
# i8-explain.t: deferd -t --explain: what a reload would change.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(slurp spill);
use Test::More;

my $hello = 'Cloud.function("hello") { |req| 1 }';
my $d = Deferd->prepare(handlers => { 'main.rb' => $hello }, config => {
	workers => { concurrent => 2, slots => 1 },
	apps => [{ id => 'demo', handlers => '{dir}/handlers', timeout => '15s',
		keys => { master => 'master-key', rest => ['rest-key'] } }] });
$d->launch->wait_ready;
my $good = slurp($d->config);

sub explains {
	my ($status, $lines, $name, @words) = @_;
	my $r = $d->check('-t', '--explain', @words);
	is $r->{status}, $status, "$name: $status" or diag $r->{err};
	is_deeply [split /\n/, $r->{out}], $lines, '... said so' or diag $r->{err};
	return;
}
my $apply = 'a reload would apply this';
my $need = 'deferctl restart is needed; a reload would be refused';

explains(0, ['nothing would change; a reload loads the handler files again'], 'the same');
spill($d->config, $good =~ s/"slots" : 1/"slots" : 4/r =~ s/"15s"/"20s"/r =~ s/\["rest-key"\]|\[\s*"rest-key"\s*\]/["rest-key2", "rest-key"]/r);
explains(1, ['workers.slots: 1 -> 4 (reload)', 'apps[demo].keys.rest: 1 key -> 2 keys (reload)',
	'apps[demo].timeout: 15s -> 20s (reload)', $apply], 'what a reload applies');
my $next = slurp($d->config);
spill($d->config, $good);
my $old = spill($d->dir . '/old.yaml', $next =~ s/rest-key"/rest-key3"/r);
explains(1, ['workers.slots: 4 -> 1 (reload)', 'apps[demo].keys.rest: 2 keys -> 1 key (reload)',
	'apps[demo].timeout: 20s -> 15s (reload)', $apply], 'against a file', "--explain=$old");
spill($old, $good =~ s/rest-key"/rest-key9"/r);
explains(1, ['apps[demo].keys.rest: 1 key -> 1 key (reload)', $apply], 'another key, against a file',
    "--explain=$old");
spill($d->config, $good =~ s{"http://127\.0\.0\.1:0"}{"http://127.0.0.1:0", "http://127.0.0.2:0"}r
	=~ s{"listen"}{"pidFile": "/tmp/x", "log": {"format": "json"}, "listen"}r);
explains(2, ['listen: http://127.0.0.1:0 -> http://127.0.0.1:0, http://127.0.0.2:0 (restart)',
	'log.format: text -> json (restart)', 'pidFile: - -> /tmp/x (restart)', $need], 'what needs a restart');
my $refused = $d->deferctl('reload');
like $refused->{err}, qr/these keys need a restart: listen, log\.format, pidFile$/m, '... as a reload says, too';
spill($d->config, $good);

spill($d->dir . '/handlers/main.rb', "\nCloud.function('hello2') { |req| 1 }\n");
explains(1, ['app demo: function hello2: new, main.rb:2 (reload)', 'app demo: function hello: gone (reload)',
	$apply], 'handlers');
spill($d->dir . '/handlers/main.rb', "1 +\n");
is $d->check('-t', '--explain')->{status}, 78, 'handlers that cannot be loaded: 78';
spill($d->dir . '/handlers/main.rb', $hello);

my $r = $d->check('--explain');
is $r->{status}, 64, 'without -t: 64';
$r = $d->check('-t', '--explain=/nowhere');
is $r->{status}, 78, 'no such file: 78';
like $r->{err}, qr{/nowhere}, '... which is named';
$d->stop_ok;
$r = $d->check('-t', '--explain');
is $r->{status}, 69, 'nobody runs: 69';
like $r->{err}, qr/^deferd: \S+: there is no such socket/, '... and says so';
done_testing;
