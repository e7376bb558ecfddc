#!/usr/bin/perl
# The demo in its short form: at most 16 of 20 workers for low tasks, and none of them while
# a main task could run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Test::More;

my $out = '';
open my $demo, '-|', "$FindBin::Bin/../demo", '-q', Deferd::build() or die "t/demo: $!";
while (<$demo>) { $out .= $_ }
close $demo;
is $?, 0, 'the demo ends well' or diag $out;
like $out, qr/^  most low leases at once +16  ok$/m, 'peak of low leases';
like $out, qr/^  low leases granted while a leasable main task waited +0  ok$/m, 'main first';
like $out, qr/^  gaps in the events' numbers +0  ok$/m, 'no gap';
like $out, qr/^  tasks done +170  ok$/m, 'all are done';
unlike $out, qr/WRONG/, 'nothing is wrong';
done_testing;
