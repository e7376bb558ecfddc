#!/usr/bin/perl
# s4-key.t: a client's key: the same submission twice is one task; over a kill, too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd qw(wait_for);
use Http;
use Test::More;

my $d = Deferd->start(
	config => { store => { engine => 'sqlite', path => '{dir}/store' }, results => { ttl => '1h' } },
	handlers => <<'END');
Cloud.job("slow") { |req| Deferred.delay(req.params["s"], req.params["n"]) }
Cloud.function("other") { |req| 1 }
Cloud.function("twice") { |req|
  [1, 2].map { |n| Cloud.enqueue("slow", { "s" => 0, "n" => n }, key: "from a handler").await }
}
END

sub submit {
	my (%task) = @_;
	return $d->native(POST => '/tasks', { name => 'slow', params => { s => 0.2, n => 1 }, %task });
}
sub task { return $d->native(GET => "/tasks/$_[0]")->{json} }
sub done { my ($id) = @_; wait_for { task($id)->{state} eq 'done' } "$id is done", 5 }
sub again { $d->signal('KILL'); $d->wait; $d = Deferd->start(again => $d) }

# --- key ---
my $first = submit(key => 'order 1');
is $first->{status}, 202, 'the first';
my $second = submit(key => 'order 1', params => { s => 0, n => 2 });
is_deeply [$second->{status}, $second->{json}{id}], [202, $first->{json}{id}], 'the second is the first';
isnt submit(key => 'order 2')->{json}{id}, $first->{json}{id}, 'another key: another task';
is submit(key => 'order 1', name => 'other')->{status}, 409, 'for another handler: refused';
again();
is submit(key => 'order 1')->{json}{id}, $first->{json}{id}, 'after a kill the key is known';
done($first->{json}{id});
my $late = submit(key => 'order 1');
is $late->{status}, 200, 'when it has ended: 200';
is $late->{json}{result}, 1, 'with the result';
again();
done($first->{json}{id}); # its end may not have been on disk: then it runs again
is submit(key => 'order 1')->{json}{result}, 1, 'also after a kill';
my @ids = @{ $d->call('twice')->{json}{result} };
is $ids[0], $ids[1], 'Cloud.enqueue(key:)';

# --- unique ---
$first = submit(unique => 'sweep', params => { s => 0.3, n => 7 });
is submit(unique => 'sweep')->{json}{id}, $first->{json}{id}, 'unique: while it has not ended';
isnt submit(key => 'sweep')->{json}{id}, $first->{json}{id}, 'is not the key of that text';
done($first->{json}{id});
isnt submit(unique => 'sweep')->{json}{id}, $first->{json}{id}, 'then it is free';

# --- many at once ---
my $body = { name => 'slow', params => { s => 0, n => 1 }, key => 'race' };
my @answers = Http::many($d->url, 20, map { [POST => '/v1/apps/demo/tasks', $body,
	Authorization => 'Bearer ' . $d->key('master')] } 1 .. 100);
my %id = map { $_->{json}{id} => 1 } grep { $_->{status} =~ /^20[02]$/ } @answers;
is keys %id, 1, 'a hundred at once: one task';
ok !(grep { $_->{status} !~ /^(200|202|409)$/ } @answers), 'the others are told to ask again';

is submit(key => '')->{status}, 400, 'an empty key is refused';
is submit(key => 'x', unique => 'y')->{status}, 400, 'and both at once';
is submit(key => 'x', execution => 'sync')->{status}, 400, 'and with sync';
$d->stop_ok;
done_testing;
