#!/usr/bin/perl
# i4-log.t: the log as JSON: every line, the workers' too, and what each is about.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use JSON::PP ();
use Program qw(slurp wait_for);
use Test::More;

my $d = Deferd->start(handlers => <<'RUBY', config => { workers => 1, log => { format => 'json' } });
Cloud.function('talk') { |req| req.log.info("two\nlines"); 'ok' }
Cloud.function('fail') { |req| raise 'no "luck"' }
Cloud.function('loose') { |req| Deferred.delay(0.01); 'ok' }
RUBY
is $d->call('talk')->{json}{result}, 'ok', 'a function that logs';
is $d->call('fail')->{status}, 422, '... one that fails';
is $d->call('loose')->{json}{result}, 'ok', '... one that leaves a deferred';
$d->log_has(qr/was pending/);
my ($worker) = $d->workers;
kill KILL => $worker->{pid};
$d->log_has(qr/obituary/);
$d->stop_ok;
my @lines = split /\n/, $d->log;
my @objects = map { eval { JSON::PP->new->utf8->decode($_) } // { bad => $_ } } @lines;
is_deeply [grep { $_->{bad} } @objects], [], 'every line is an object';
is scalar(grep { !defined $_->{at} || !defined $_->{level} || !$_->{pid} || !$_->{program} || !defined $_->{text} } @objects),
    0, '... with the members that all have';
my ($talk) = grep { ($_->{handler} // '') eq 'talk' } @objects;
is $talk->{text}, "two\nlines", 'what a handler logs';
is $talk->{app}, 'demo', '... of its app';
like $talk->{task}, qr/^[0-9a-f-]{36}$/, '... its task';
is $talk->{attempt}, 1, '... its attempt';
my ($fail) = grep { ($_->{handler} // '') eq 'fail' } @objects;
is $fail->{text}, 'failed: RuntimeError: no "luck" (main.rb:2)', 'how a task failed, without what are members';
my ($loose) = grep { ($_->{handler} // '') eq 'loose' } @objects;
like $loose->{text}, qr/^the handler .* was pending/, 'what a handler left';

my ($death) = grep { $_->{text} =~ /^obituary: worker $worker->{worker},/ } @objects;
is $death->{worker}, $worker->{worker}, 'an obituary has the number of the worker';

my $r = Deferd->prepare(handlers => '1', config => { log => { format => 'xml' } })->check('-t');
is $r->{status}, 78, 'another format: refused';
like $r->{err}, qr/log\.format: "xml": expected text or json|log\.format.*text or json/, '... in words';

# --- a worker's own lines, after rotation ---
my $d2 = Deferd->start(config => { workers => 1, log => { target => '{dir}/own.log' } }, handlers => <<'EOF2');
Cloud.function("stubborn") do |req|
  begin
    Deferred.delay(10).await
  rescue => e
    Deferred.delay(10).await
  end
end
EOF2
my $own = $d2->dir . '/own.log';
rename $own, "$own.1" or die "$own: $!";
$d2->signal('USR1');
wait_for { slurp($own) =~ /USR1: log reopened/ } 'the new log';
is $d2->call('stubborn', {}, timeout => 0.1)->{status}, 504, 'a handler that awaits on after its deadline';
my $line = wait_for { slurp($own) =~ /^(.* deferd-worker\[\d+\] warn: .*awaits on after.*)$/m && $1 } 'a worker\'s line';
like $line, qr/stubborn/, '... of which the worker writes into the new log';
unlike slurp("$own.1"), qr/deferd-worker/, '... and not into the old one';
$d2->stop_ok;
done_testing;
