#!/usr/bin/perl
# What an obituary says of where the Ruby of a dead worker was: killed in a loop, killed
# while it awaited, crashed; and what nobody may make it say.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Fault qw(run);
use Test::More;

my $d = Deferd->start(
	handlers => { 'bad.rb' => <<'RUBY' },
Cloud.function("tight", timeout: 60) do |req|
  n = 0
  before = [1, 2].size
  while true
    n += 1
  end
end
Cloud.function("block", timeout: 60) { |req| loop { } }
def dig(n)
  return dig(n - 1) if n > 0
  loop do
    "text".upcase
  end
end
Cloud.function("deep", timeout: 60) do |req|
  Deferred.delay(0.001).await
  dig(30)
end
Cloud.function("string", timeout: 60) do |req|
  s = "x"
  a = []
  while true
    a = [s, "#{s}#{s}", { "k" => s }]
  end
end
Cloud.function("fine") { |req| 1 }
Cloud.function("waits") do |req|
  Deferred.delay(0.001).await
  Deferred.all([Deferred.delay(0.001)]).await
  Cloud.log.info("now it waits")
  Deferred.delay(60).await
end
RUBY
	config => { workers => { concurrent => 1, slots => 4, heartbeat => { interval => 0.1, timeout => 0.3 } } },
);

sub obituary_of {
	my ($worker, $seconds) = @_;
	return wait_for {
		grep { $_->{worker} == $worker } @{ $d->ctl(qw(show obituaries))->{obituaries} } or return;
		return $d->ctl('show', 'obituary', $worker)->{obituary};
	} "obituary of $worker", $seconds;
}

# A worker that has ended a task: another death is no storm then.
sub ready {
	wait_for { $d->call('fine')->{status} == 200 } 'a call';
	return ($d->workers)[0];
}

# A call under way, and the worker that it is in, in Ruby.
my @calls;
sub in_burst {
	my ($name) = @_;
	ready();
	push @calls, run($d, $name);
	return wait_for { my ($w) = grep { ($_->{burst_ms} // -1) > 20 } $d->workers; $w } "$name runs";
}

# --- a burst that is too long: the frames, the innermost first ---
for ([tight => 4, 6], [block => 8, 8], [string => 22, 24]) {
	my ($name, @lines) = @$_;
	my $o = obituary_of(in_burst($name)->{worker});
	is $o->{signal}, 9, "$name: killed";
	my ($line) = ($o->{backtrace}[0] // '-') =~ /^bad\.rb:(\d+)/;
	ok defined $line && $line >= $lines[0] && $line <= $lines[1], "$name: in its loop, or an instruction off"
		or diag explain $o;
	like $o->{text}, qr/; ran $name at bad\.rb:\d+;/, "$name: the sentence has it too";
}
my $o = obituary_of(in_burst('deep')->{worker});
is scalar @{ $o->{backtrace} }, 16, 'deep: no more than 16 frames';
like $o->{backtrace}[0], qr/^bad\.rb:1[12]\b/, 'deep: the innermost first';
is $o->{backtrace}[-1], 'bad.rb:10 in dig', 'deep: with their methods';
is $o->{awaits}[0]{place}, 'bad.rb:16', 'deep: and where it had awaited';
ok $o->{awaits}[0]{over}, 'deep: which is over';
like $d->deferctl('show', 'obituary', $o->{worker})->{out}, qr/^its Ruby was at +bad\.rb:1[12] in dig\n(?: +bad\.rb:11 in dig\n)? +bad\.rb:10 in dig$/m,
	'deep: as text';

# --- a burst that somebody else ends ---
for my $signal (qw(KILL ABRT SEGV)) {
	SKIP: {
		skip 'a sanitizer takes a SEGV for its own', 2
			if $signal eq 'SEGV' && $ENV{ASAN_OPTIONS};
		my $w = in_burst('tight');
		kill $signal => $w->{pid};
		$o = obituary_of($w->{worker});
		is $o->{signal}, { KILL => 9, ABRT => 6, SEGV => 11 }->{$signal}, "$signal: the status stays true";
		is scalar(grep { /^bad\.rb:[456]\b/ } @{ $o->{backtrace} }), $signal eq 'KILL' ? 0 : 1,
			"$signal: the frames" or diag explain $o;
	}
}

# --- a worker that awaits ---
ready();
my $id = $d->call('waits', undef, execution => 'async')->{json}{id};
my $w = wait_for { my ($w) = grep { ($_->{task_id} // '') eq $id } $d->workers; $w } 'it runs';
$d->log_has(qr/now it waits/);
kill KILL => $w->{pid};
$o = obituary_of($w->{worker});
is_deeply [map { "$_->{place} $_->{what} " . ($_->{over} ? 'over' : 'waits') } @{ $o->{awaits} }],
	['bad.rb:31 Deferred.delay waits', 'bad.rb:29 a Deferred over', 'bad.rb:28 Deferred.delay over'],
	'an await that somebody ended: where, what, and those before' or diag explain $o;
is $o->{awaits}[0]{task}, $id, 'and whose';
like $d->deferctl('show', 'obituary', $w->{worker})->{out},
	qr/^last awaits +bad\.rb:31: Deferred\.delay, task \S+, \S+ before its end, still waiting\n +bad\.rb:29: a Deferred, task/m,
	'as text';

$d->ctl('cancel', $id);

# --- the operator's kill, and a worker that cannot answer ---
my $hog = in_burst('tight');
$d->ctl('kill', $hog->{task_id});
like obituary_of($hog->{worker})->{backtrace}[0], qr/^bad\.rb:[456]\b/, 'kill: the frames';
$hog = in_burst('tight');
kill STOP => $hog->{pid};
$o = obituary_of($hog->{worker});
is_deeply $o->{backtrace}, [], 'a stopped one says nothing';
is $o->{signal}, 9, '... and is killed all the same';

# --- the question means nothing from others ---
my $calm = ready();
kill URG => $calm->{pid} for 1 .. 20;
is $d->call('waits', undef, timeout => 0.2)->{status}, 504, 'a stranger asks: calls go on';
is ready()->{pid}, $calm->{pid}, '... in the same worker';
$d->stop_ok;
done_testing;
