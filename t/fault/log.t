#!/usr/bin/perl
# A log that cannot be written is not fatal.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fault;
use Test::More;

my $d = start(workers => { concurrent => 2 }, log => { target => '/dev/full', level => 'debug' });
pool_is_back($d, 2, 'it starts and serves with a full disk under its log');
my $culprit = run($d, 'spin');
kill KILL => worker_of($d, 'spin')->{pid};
is $culprit->answer(5)->{json}{error}{code}, 'worker_died', 'a death, which is logged';
run($d, 'hello', { name => $_ })->answer(5) for 1 .. 50;
pool_is_back($d, 2);
is $d->stop, 0, 'it ends as asked';

done_testing;
