#!/usr/bin/perl
# d2-errors.t: what a failure tells: class, message, code, the file and line, and how it
# came there, through awaits and nested calls; never a path of this machine.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Deferd;
use File::Temp qw(tempdir);
use Program qw(spill);
use Test::More;

my $folder = tempdir(CLEANUP => 1);
mkdir "$folder/lib";
spill("$folder/main.rb", <<'RUBY');
Cloud.load "lib/price"
Cloud.function("order") do |req|
  Cloud.call("total", req.params).await
end
Cloud.function("total") do |req|
  work = async do
    Deferred.delay(0.01).await
    Price.of(req.params["item"])
  end
  work.await
end
Cloud.event("later") { |req| Price.of("nothing") }
RUBY
spill("$folder/lib/price.rb", <<'RUBY');
module Price
  def self.of(item)
    raise Cloud::Error.new(101, "no price for #{item}", 404)
  end
end
RUBY
my $d = Deferd->start(handlers => $folder, config => { workers => { concurrent => 1 } });

my @chain = ('lib/price.rb:3:in of', 'main.rb:8', 'main.rb:6: made by async', 'main.rb:10: awaited',
	'main.rb:3: called by Cloud.call');
my $r = $d->call(order => { item => 'tea' });
is $r->{status}, 404, 'the status of the innermost Cloud::Error';
is_deeply $r->{json}{error}, { class => 'Cloud::Error', code => 101, message => 'no price for tea',
	backtrace => \@chain }, '... its class, code, message, and the way that it came';
like $d->log, qr{info: demo/order: task [0-9a-f-]+, attempt 1: failed: Cloud::Error: no price for tea \(lib/price\.rb:3:in of\)$}m,
	'the log line has the task, handler, attempt and place';

my $id = $d->call(later => {}, kind => 'event', execution => 'async')->{json}{id};
ok $d->log_has(qr{warn: demo/later: task \Q$id\E, attempt 1: failed: Cloud::Error: no price for nothing \(lib/price\.rb:3:in of\)}, 3),
	'... for an async task, too';
is_deeply $d->ctl('show', 'task', $id)->{error}{backtrace}, ['lib/price.rb:3:in of', 'main.rb:12'],
	'deferctl shows its backtrace';
unlike $r->{body} . $d->log, qr{\Q$folder\E/(?:main|lib)}, 'no path of this machine is told';
$d->stop_ok;
done_testing;
