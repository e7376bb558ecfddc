#!/usr/bin/perl
# a02-config.t: the command line, the config, and handler files that do not load.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(program slurp spill);
use Test::More;

my $top = "$FindBin::Bin/../..";
my $hello = 'Cloud.function("hello") { |req| "Hello" }';

# --- the command line ---
my $r = program('deferd', '-V');
is $r->{status}, 0, '-V';
like $r->{out}, qr/^deferd \d+\.\d+\.\d+\n$/, '... the version';
is program('deferd', '--version')->{out}, $r->{out}, '--version';
$r = program('deferd', '--help');
is $r->{status}, 0, '--help';
like $r->{out}, qr/^usage: deferd /, '... on standard output';
like $r->{out}, qr/^ +-$_\b/m, "... with -$_" for qw(f F p t T V h);
is_deeply program('deferd', '-h'), $r, '-h';
for (['-x'], ['--frobnicate'], ['-f'], ['-t', 'deferd.yaml']) {
	$r = program('deferd', @$_);
	is $r->{status}, 64, "deferd @$_: 64";
	is $r->{out}, '', '... nothing on standard output';
	like $r->{err}, qr/^usage: deferd /m, '... the usage on standard error';
}
$r = program('deferd', '-t', '-f', '/no/such/file');
is $r->{status}, 78, 'no such config: 78';
like $r->{err}, qr{^/no/such/file: cannot be read: No such file or directory$}m, '... and why';

# --- problems of the config: all of them, at their places ---
my $bad = Deferd->prepare(yaml => <<'END');
listen: http://127.0.0.1:0
control: { socket: '{dir}/control.sock' }
wokers: 8
workers:
  concurrent: many
  minIdle: 4
store: { engine: postgresql }
apps:
  - id: demo
    handlers: '{dir}/none'
    keys: { rest: short, master: {file: '{dir}/no-key'} }
END
my $want = <<'END' =~ s/\{dir\}/$bad->dir/ger;
{dir}/deferd.yaml:3:1: wokers: unknown key: did you mean workers?
{dir}/deferd.yaml:5:15: workers.concurrent: "many": expected a whole number from 1 to 4096
{dir}/deferd.yaml:6:12: workers.minIdle: means nothing here and is ignored: all workers are started at once and kept (notice)
{dir}/deferd.yaml:7:18: store.engine: postgresql is not available yet: expected sqlite or memory
{dir}/deferd.yaml:10:15: apps[0].handlers: {dir}/none: No such file or directory: expected a folder that can be read
{dir}/deferd.yaml:11:19: apps[0].keys.rest: a key of 5 characters: expected 8 to 256
{dir}/deferd.yaml:11:41: apps[0].keys.master: the file {dir}/no-key cannot be read: No such file or directory
deferd: {dir}/deferd.yaml is not usable: nothing was started
END
for my $words (['-t'], ['-T'], ['-F'], []) {
	$r = $bad->check(@$words);
	is $r->{status}, 78, "deferd @$words: a bad config: 78";
	is $r->{err}, $want, '... all problems, in order';
	is $r->{out}, '', '... nothing on standard output';
}

# --- a good one ---
my $good = Deferd->prepare(handlers => { 'a.rb' => $hello, 'b.txt' => 'not Ruby (' },
	config => { workers => { concurrent => 20, cache => JSON::PP::false, minIdle => 4 } });
$r = $good->check('-t');
is $r->{status}, 0, 'deferd -t: a good config: 0';
is $r->{out}, '', '... nothing on standard output';
like $r->{err}, qr/ workers\.cache: means nothing here .*\(notice\)$/m, '... notices stop nothing';
like $r->{err}, qr/^\S+: configuration and handlers are good$/m, '... and it says so';
is_deeply [$good->leftovers], [], '... the forkserver is gone';
$r = $good->check('-T');
is $r->{status}, 0, 'deferd -T: 0';
like $r->{out}, qr/^  concurrent: 20$/m, '... what was set';
like $r->{out}, qr/^    interval: 5s$/m, '... and the defaults';
like $r->{out}, qr/^      master: \[masked-master-1\]$/m, '... keys masked';
unlike $r->{out} . $r->{err}, qr/-key\b/, '... everywhere';
my $again = Deferd->prepare(yaml => $r->{out})->check('-T');
is $again->{out}, $r->{out}, 'what -T prints can be read again, and is the same';

# --- the sample ---
my $sample = slurp("$top/conf/deferd.yaml") =~ s{/etc/deferd/handlers}{$good->dir . '/handlers'}er;
$r = Deferd->prepare(yaml => $sample)->check('-T');
is $r->{status}, 0, 'the sample is good';
unlike $r->{err}, qr/deferd\.yaml:\d+:/, '... without a notice';
my $uncommented = $sample =~ s/^( *)# ( *(?!- |master:)[a-z]\w*:)/$1$2/gmr;
$uncommented =~ s/^ *(?:viewGroup|operateGroup|adminGroup|path|allow|deny|ca|user|pidFile|defaultApp|files): .*\n//gm;
isnt $uncommented, $sample, 'the sample without its "# "';
is(Deferd->prepare(yaml => $uncommented)->check('-T')->{out}, $r->{out},
    '... is the same: it shows the defaults');

# --- handler files that do not load ---
my @broken = (
	['a syntax error', "x = 1\ndef broken(\n", qr/main\.rb:[23]:.*syntax error/],
	['an exception', "\nraise ArgumentError, 'no good'\n", qr/main\.rb:2:.*no good/],
	['an unknown name', "Cloud.functoin('x') { }\n", qr/main\.rb:1:.*functoin/],
	['an await', "1\n2\nDeferred.delay(1).await\n", qr/main\.rb:3:/],
	['what comes later', "Cloud.function('x', fields: []) { }\n",
		qr/main\.rb:1:.*fields: is not available yet/],
	['a bad cron', "\nCloud.timer('x', cron: '61 * * * *') { }\n",
		qr/main\.rb:2: ArgumentError: Cloud\.timer "x": cron: "61 \* \* \* \*": the minutes/],
	['a cron for no day', "Cloud.timer('x', cron: '0 0 30 2 *') { }\n",
		qr/main\.rb:1:.*no day of any year/],
	['no such zone', "\n\nCloud.timer('x', cron: '\@daily', zone: 'Europe/Nowhere') { }\n",
		qr{main\.rb:3: ArgumentError: Cloud\.timer "x": zone: "Europe/Nowhere": there is no such file}],
);
for (@broken) {
	my ($what, $ruby, $text) = @$_;
	my $d = Deferd->prepare(handlers => $ruby);
	for my $words (['-t'], ['-F']) {
		$r = $d->check(@$words);
		is $r->{status}, 78, "deferd @$words: $what: 78";
		like $r->{err}, $text, '... with file, line and message';
	}
}
my $d = Deferd->prepare(handlers => 'loop { }', config => { handlers => { loadTimeout => '200ms' } });
$r = $d->check('-t');
is $r->{status}, 78, 'a file that never ends to load: 78';
like $r->{err}, qr/loadTimeout|200 ?ms/, '... and says which limit';
is_deeply [$d->leftovers], [], '... its forkserver is gone';

$d = Deferd->prepare(handlers => $hello, env => { DEFERD_WORKER => '/no/such/worker' });
for my $words (['-t'], ['-F']) {
	$r = $d->check(@$words);
	cmp_ok $r->{status}, '>', 0, "deferd @$words: no worker program";
	like $r->{err}, qr{/no/such/worker.*No such file}, '... and says which one is missing';
}

# --- two apps, one broken ---
my $two = Deferd->prepare(handlers => $hello);
mkdir $two->dir . '/other';
spill($two->dir . '/other/x.rb', "1 +\n");
spill($two->config, slurp($two->config) =~ s/"apps" : \[/"apps" : [ { "id": "other", "handlers": "@{[$two->dir]}\/other" }, /r);
$r = $two->check('-t');
is $r->{status}, 78, 'one app of two is broken: 78';
like $r->{err}, qr/^other: .*x\.rb:\d+:/m, '... and named';

done_testing;
