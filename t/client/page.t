#!/usr/bin/perl
# page.t: the web page in a headless Chromium: signing in, what changes live, the buttons, the
# keyboard, a phone's width, dark and light, an interruption. Pictures of it are left in the
# build folder, as t/ui-*.png.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Browser;
use Deferd;
use Program qw(wait_for);
use Test::More;

my $b = Browser->start
	or plan skip_all => 'the Debian packages chromium and chromium-driver are not installed';

my $d = Deferd->start(handlers => <<'RUBY', config => {
Cloud.function("hello") { |req| "Hello" }
Cloud.function("wait") { |req| Deferred.delay(req.params["s"]).await; "waited" }
Cloud.function("fail") { |req| raise ArgumentError, "<img src=x onerror=\"document.title='owned'\">" }
Cloud.function("hang") { |req| req.log.info "about to hang"; Deferred.delay(0.02).await; loop { } }
Cloud.event("order") { |req| Deferred.delay(3).await; nil }
Cloud.job("report") { |req| req.progress(0.4, "page 8 of 20"); Deferred.delay(20).await; "done" }
RUBY
	workers => { concurrent => 10, slots => 2, lowPriorityThreshold => 0.6, heartbeat => { interval => '200ms', timeout => '20s' } } });
my $config = $d->config;

sub submit {
	my ($name, %o) = @_;
	return $d->native(POST => '/tasks', { name => $name, %o })->{json}{id} // die "$name was refused";
}
sub see { # the page shows it: JavaScript over $ (a selector's first element's text)
	my ($js, $name) = @_;
	my $got = eval { $b->until("const \$ = (css) => document.querySelector(css)?.textContent ?? ''; return $js", $name, 8) };
	ok $got, $name or diag $@;
	return;
}
sub state_of { return $d->native(GET => "/tasks/$_[0]")->{json}{state} }
sub fits {
	my ($name) = @_;
	my ($scroll, $inner) = @{ $b->js('return [document.documentElement.scrollWidth, innerWidth]') };
	is $scroll, $inner, $name;
	return;
}

# --- the door ---
$b->view(1280, 900);
$b->go($d->url . '/ui');
see '!document.getElementById("door").hidden', 'who comes is asked for a key';
$b->type('#key', 'rest-key');
$b->click('#enter button');
see '$("#refused").includes("no app\'s master key")', 'a wrong key is refused with the reason';
$b->js('document.getElementById("key").value = ""');
$b->type('#key', 'master-key');
$b->click('#enter button');
see 'document.querySelectorAll("#cells .cell.idle").length === 10', 'the master key opens the page: ten idle workers';
see '$("#phase") === "running" && $("#facts").includes("demo")', '... deferd runs';
see '$("#no-tasks").includes("No tasks yet") && $("#deaths").includes("No worker has died")', '... and nothing has happened yet';
unlike $b->js('return location.href'), qr{key|ui-}, 'no key stands in the address';
is $b->js('return document.cookie'), '', 'and there is no cookie';
$b->picture('ui-empty');

# --- live ---
my $slow = submit('wait', params => { s => 30 });
see 'document.querySelectorAll(".cell.main").length === 1', 'a task runs: its worker\'s cell says so';
see '$("#tasks tbody .chip") === "running" && $("#tasks tbody").includes("wait")', '... and so does the table';
see '$("[data-lane=main] .leases").includes("1 of 20")', '... and the lane';
$b->click('.cell.main');
see '$("#worker").includes("function wait for")', 'a selected worker tells what it runs';
$b->js('document.activeElement.focus()');
my $from = $b->js('return document.activeElement.dataset.seat');
$b->cdp('Input.dispatchKeyEvent', type => 'keyDown', key => 'ArrowRight', code => 'ArrowRight', windowsVirtualKeyCode => 39);
isnt $b->js('return document.activeElement.dataset.seat'), $from, 'the arrow keys walk over the workers';

# --- buttons ---
$b->click('#tasks tbody .act button');
see '$("#said").includes("told to cancel")', 'a click on Cancel is answered';
wait_for { state_of($slow) eq 'cancelled' } 'cancelled';
see '$("#tasks tbody .chip") === "cancelled"', '... and the task is cancelled';
$b->click('[data-lane=low] .act button');
see '$("[data-lane=low] .chip") === "paused" && $("[data-lane=low] button") === "Resume"', 'a lane is paused by its button';
submit('order', execution => 'async-low-priority') for 1 .. 40;
see '$("[data-lane=low] .waits").startsWith("40 waiting")', '... so that its tasks wait';
$b->click('[data-lane=low] .act button');
see '$("[data-lane=low] .leases").includes("12 of 12")', '... and resumed: low takes its share and no more';
my $hang = submit('hang');
$b->click('[data-show=running]');
see '[...document.querySelectorAll("#tasks tbody b")].some((b) => b.textContent === "hang")', 'a task hangs';
see 'document.querySelectorAll(".cell.hogging").length === 1', '... its worker\'s cell says that it hogs';
$b->click('#tasks button[aria-label="Kill hang"]');
see '$("#ask-h") === "Kill hang?" && document.getElementById("ask").open', 'a click on Kill asks first';
is state_of($hang), 'leased', '... and does nothing yet';
$b->click('#ask button[value=yes]');
wait_for { state_of($hang) eq 'cancelled' } 'killed';
see '$("#deaths summary").includes("hang")', 'killed: its worker is among the deaths';

# --- failures ---
submit('report', kind => 'job');
submit('fail') for 1 .. 3;
$b->click('[data-show=failed]');
see 'document.querySelectorAll("#tasks .chip.failed").length === 3', 'failures are listed';
$b->click('#tasks .open');
see '$("#tasks .detail pre").startsWith("ArgumentError: <img src=x")', '... with error and backtrace, as text';
isnt $b->js('return document.title'), 'owned', 'what a handler says is never markup';
is $b->js('return document.querySelectorAll("#tasks img").length'), 0, '... it makes no elements';
see '$("#tiles").includes("3in a minute")', 'they are counted';
$b->picture('ui-light');
my $far = submit('hello', delay => 3600);
$b->click('[data-show=waiting]');
see '$("#tasks tbody .chip").startsWith("due ")', 'a delayed task says when it is due';
$d->native(POST => "/tasks/$far/bury");
$b->click('[data-show=failed]');
see '$("#tasks .chip.dead") === "dead"', 'a buried one is listed as dead';
$b->click('#tasks button[aria-label="Retry hello"]');
wait_for { state_of($far) eq 'done' } 'done';
see '$("#said").includes("queued")', '... and runs after a click on Retry';
$b->view(1280, 900, dark => 1);
isnt $b->js('return getComputedStyle(document.body).backgroundColor'), 'rgb(244, 246, 248)', 'dark when the system is';
$b->picture('ui-dark');
fits 'a desktop\'s page has no horizontal scroll';
$b->view(390, 800, phone => 1);
$b->picture('ui-phone-light');
fits 'a phone\'s page has none either';
$b->view(390, 800, phone => 1, dark => 1);
$b->click('[data-show=newest]');
see '$("#tasks tbody").includes("page 8 of 20")', 'progress is shown';
$b->picture('ui-phone-dark');
fits '... nor with other tasks';
$b->view(320, 700, phone => 1);
fits '... nor on the smallest one';
$b->view(1280, 900);

# --- interruptions ---
is join("\n", grep { !/403 \(Forbidden\)/ } $b->complaints), '', 'the console has no complaints';
$d->ctl('drain');
see '$("#phase").startsWith("draining")', 'it tells that deferd drains';
$d->signal('QUIT');
see '$("#phase") === "stopping"', '... and that it stops';
$b->picture('ui-stopping');
$d->signal('INT');
is $d->wait(5), 0, 'deferd ends while the page is open';
see '!document.getElementById("lost").hidden && $("#lost").includes("what you see is old")', 'a lost connection is told';
$b->picture('ui-lost');
is scalar(grep { !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|403 \(Forb/ } $b->complaints), 0, '... and the console has nothing worse';
my $port = $d->url =~ s/.*://r;
my $next = Deferd->prepare(handlers => '', config => { listen => ["http://127.0.0.1:$port"], workers => { concurrent => 3 } });
$next->launch->wait_ready;
see '$("#refused").includes("sign in again")', 'a deferd that has begun anew asks for the key again';
$b->type('#key', 'master-key');
$b->click('#enter button');
see 'document.querySelectorAll("#cells .cell.idle").length === 3 && document.getElementById("lost").hidden', '... and all is well';
$b->click('#leave');
see '$("#refused").includes("signed out") && document.getElementById("page").hidden', 'one can sign out';
undef $b;
$next->stop_ok;
done_testing;
