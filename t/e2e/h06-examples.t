#!/usr/bin/perl
# h06-examples.t: the examples of deferd-http(7) are true.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use Program qw(slurp);
use Test::More;

plan skip_all => 'curl is not installed' if !grep { -x "$_/curl" } split /:/, $ENV{PATH};

my ($section) = slurp("$FindBin::Bin/../../man/deferd-http.7") =~ /^\.Sh EXAMPLES\n(.*?)^\.Sh /ms;
my @examples = $section =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed/gms;
my @answers = (qr/"result":"Hello Ann"/, qr/^null$/, qr/^\{"result":"Hello Ann"\}$/);
is scalar(@examples), scalar(@answers), 'the page has examples';

my $d = Deferd->start(handlers => <<'RUBY');
Cloud.function("hello") { |req| "Hello #{req.params['name']}" }
Cloud.event("myCustomEvent") { |req| nil }
RUBY
for my $i (0 .. $#examples) {
	my $url = $d->url;
	my $command = $examples[$i] =~ s/\\e/\\/gr =~ s{http://127\.0\.0\.1:7500}{$url}r;
	like qx{($command) 2>/dev/null}, $answers[$i], 'example ' . ($i + 1);
}
$d->stop_ok;
done_testing;
