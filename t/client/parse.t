#!/usr/bin/perl
# The real Parse SDK against deferd; what it does is in parse.js.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Npm;

Npm::test('parse.js');
