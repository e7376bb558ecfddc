#!/usr/bin/perl
# s5-steps.t: req.step: what a task has finished is not done again: after a failed attempt, a
# killed worker, a killed supervisor.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Test::More;

my $handlers = <<'END';
# Each step tells in which attempt it ran; the log, how often.
def work(req)
  %w[a b c].map do |name|
    yield name
    req.step(name) { req.log.info("#{req.params['tag']} ran #{name}"); Deferred.delay(0.01, "#{name}#{req.attempt}") }
  end
end
Cloud.job("fails") { |req|
  work(req) { |name| raise Cloud::Retry.new("not yet", after: 0.05) if name == %w[- b c][req.attempt] }
}
Cloud.job("hangs") { |req|
  work(req) { |name|
    if name == "c" && !req.step("first") { true }.nil? && req.attempt == 1
      req.log.info("#{req.params['tag']} hangs")
      Deferred.delay(60).await
    end
  }
}
END
my $d;

sub submit { return $d->native(POST => '/tasks', { name => $_[0], params => { tag => $_[1] }, @_[2 .. $#_] })->{json}{id} }
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub becomes {
	my ($id, $state) = @_;
	wait_for { (task($id)->{state} // '') eq $state } "$state", 5;
	return task($id);
}
sub count { my $n = () = $d->log =~ /$_[0]/g; return $n }
sub ran { my ($tag) = @_; return [map { count(qr/\b$tag ran $_\b/) } qw(a b c)] }
sub kill_worker {
	my ($tag) = @_;
	ok $d->log_has(qr/\b$tag hangs/), "$tag hangs before its last step";
	my $pid;
	wait_for { ($pid) = map { $_->{pid} } grep { $_->{leases} } $d->workers; $pid } 'its worker is known', 5;
	kill KILL => $pid;
}

for my $engine ('memory', 'sqlite') {
	$d = Deferd->start(config => { store => { engine => $engine, path => '{dir}/store' } }, handlers => $handlers);
	my $t = becomes(submit('fails', 'one'), 'done');
	is_deeply $t->{result}, [qw(a1 b2 c3)], "$engine: after failed attempts: each step's first result";
	is_deeply ran('one'), [1, 1, 1], 'each ran once';
	my $id = submit('hangs', 'two');
	kill_worker('two');
	$t = becomes($id, 'done');
	is_deeply $t->{result}, [qw(a1 b1 c2)], 'after the death of the worker: only what is missing';
	is_deeply ran('two'), [1, 1, 1], 'each ran once';
	is_deeply $d->native(POST => '/tasks', { name => 'fails', params => { tag => 'sync' }, execution => 'sync' })->{status}, 422,
		'a sync task fails at once';
	is_deeply ran('sync'), [1, 0, 0], 'its step ran';
	$d->stop_ok if $engine eq 'memory';
}

# --- over kills of the supervisor ---
my $id = submit('hangs', 'three');
ok $d->log_has(qr/\bthree hangs/), 'a task hangs';
for my $n (1, 2) {
	$d->signal('KILL');
	$d->wait;
	$d = Deferd->start(again => $d);
	# Nobody charged it: it is in its first attempt again, and hangs again.
	wait_for { count(qr/\bthree hangs/) == 1 + $n } "it hangs again", 5;
}
kill_worker('three');
my $t = becomes($id, 'done');
is_deeply $t->{result}, [qw(a1 b1 c2)], 'after two kills and a death: only what is missing';
is_deeply ran('three'), [1, 1, 1], 'each ran once';
$d->stop_ok;
done_testing;
