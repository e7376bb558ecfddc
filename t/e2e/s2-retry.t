#!/usr/bin/perl
# s2-retry.t: tasks that fail and run again, tasks that wait for their time; over a kill, too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time);

my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' } },
	handlers => <<'END');
Cloud.job("flaky") { |req|
  raise Cloud::Retry.new("not yet", after: 0.1) if req.attempt < req.params["good"]
  req.attempt
}
Cloud.job("usual") { |req| raise "always" }
Cloud.function("once") { |req| raise "no" }
Cloud.function("twice", retries: 1) { |req| raise Cloud::Retry.new(after: 0.05) }
Cloud.job("discard") { |req| raise Cloud::Discard, "hopeless" }
Cloud.job("slow", timeout: "200ms", retries: 1) { |req| Deferred.delay(60) }
Cloud.function("hello") { |req| "hello" }
Cloud.function("later") { |req| Cloud.enqueue("hello", nil, delay: "300ms", retries: 2) }
END

sub submit {
	my ($name, %more) = @_;
	return $d->native(POST => '/tasks', { name => $name, %more });
}
sub id { return submit(@_)->{json}{id} }
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub becomes {
	my ($id, $state) = @_;
	wait_for { (task($id)->{state} // '') eq $state } "$state", 5;
	return task($id);
}
sub now { my $t = time + $_[0]; return strftime('%Y-%m-%dT%H:%M:%S', gmtime $t) . sprintf '.%03dZ', 1000 * ($t - int $t) }

# --- failures ---
my $t = becomes(id('flaky', params => { good => 3 }), 'done');
is_deeply [@$t{qw(result attempt attempts)}], [3, 3, 26], 'a job that asks to be run again is, until it is good';
my $usual = id('usual');
$t = becomes($usual, 'delayed');
is $t->{error}{message}, 'always', 'a job that raises waits, and shows why';
like $t->{due_at}, qr/^\d{4}-/, 'and until when';
ok $d->log_has(qr/failed: RuntimeError: always.*: it runs again in [12]\d.*s \(1 of 26 attempts have failed\)/), 'the log has it';
is becomes(id('once'), 'failed')->{attempts}, 1, 'a function is not run again';
$t = becomes(id('twice'), 'dead');
is_deeply [@$t{qw(attempt attempts)}], [2, 2], 'with retries: 1 it is, once; then it is dead';
is becomes(id('discard'), 'failed')->{error}{message}, 'hopeless', 'Cloud::Discard: not again';
is submit('hello', attempts => 0)->{status}, 400, 'attempts: 0 is refused';
is submit('hello', attempts => 3, execution => 'sync')->{status}, 400, 'and attempts with sync';
$t = becomes(id('slow', attempts => 1), 'failed');
is $t->{error}{code}, 'timeout', 'the caller may want one attempt only';

# --- waiting ---
my $r = submit('hello', delay => 0.3);
is $r->{json}{state}, 'delayed', 'delay: it waits';
$t = becomes($r->{json}{id}, 'done');
cmp_ok $t->{wait_ms}, '>=', 300, 'so long';
is becomes(id('hello', at => now(0.3)), 'done')->{result}, 'hello', 'at: too';
is becomes(id('hello', at => '2020-01-01T00:00:00Z'), 'done')->{result}, 'hello', 'a time that has passed: at once';
is submit('hello', at => 'tomorrow')->{status}, 400, 'what is no time is refused';
is submit('hello', delay => -1)->{status}, 400, 'and a negative delay';
my $later = becomes($d->call('later')->{json}{result}, 'done');
cmp_ok $later->{wait_ms}, '>=', 300, 'Cloud.enqueue(delay:)';
is $later->{attempts}, 3, 'and retries:';

# --- over a kill ---
my $far = id('hello', delay => 3600);
my $near = id('hello', delay => 1);
$d->signal('KILL');
$d->wait;
$d = Deferd->start(again => $d);
is task($far)->{state}, 'delayed', 'after a kill: what waited waits';
is_deeply [@{ task($usual) }{qw(state attempt)}], ['delayed', 1], 'what failed, too, and its attempts are known';
is becomes($near, 'done')->{result}, 'hello', 'and comes at its time';
is $d->native(DELETE => "/tasks/$far")->{status}, 200, 'it can be cancelled';
is task($far)->{state}, 'cancelled', 'and is';
$d->stop_ok;
done_testing;
