#!/usr/bin/perl
# The real Backendless SDK against deferd; what it does is in backendless.js.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Npm;

Npm::test('backendless.js');
