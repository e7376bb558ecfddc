package Browser;
use strict;
use warnings;
use Carp qw(croak);
use File::Temp qw(tempdir);
use Http;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX qw(WNOHANG);
use Program qw(build spill);
use Time::HiRes qw(sleep time);

=head1 NAME

Browser - a headless Chromium for tests, driven over WebDriver

=head1 SYNOPSIS

    my $b = Browser->start;              # undef: chromium or chromedriver is not installed
    $b->go("$url/ui");
    $b->view(390, 800, dark => 1, phone => 1);
    $b->type('#key', 'master-key');
    $b->click('#enter button');
    my $n = $b->js('return document.querySelectorAll(".cell").length');
    $b->until('return document.title === "deferd: running"', 'the page is live');   # a test
    $b->picture('ui-phone-dark');        # into the build folder: t/ui-phone-dark.png
    my @lines = $b->complaints;          # what the console says since the last time

Everything it starts ends with it.

=cut

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

sub _which {
	my ($name) = @_;
	my ($path) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
	return $path;
}

sub start {
	my ($class) = @_;
	my ($driver, $chromium) = (_which('chromedriver'), _which('chromium'));
	return undef if !$driver || !$chromium;
	my $self = bless { dir => tempdir('deferd-browser-XXXXXX', TMPDIR => 1, CLEANUP => 1), owner => $$ }, $class;
	my $log = "$self->{dir}/log";
	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid}) {
		setpgrp 0, 0;
		open STDOUT, '>', $log;
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		@ENV{qw(HOME TMPDIR)} = ($self->{dir}) x 2;
		exec $driver, '--port=0' or POSIX::_exit(127);
	}
	my $port;
	for (my $end = time + 15; !$port && time < $end; sleep 0.02) {
		($port) = Program::slurp($log) =~ /successfully on port (\d+)/;
	}
	croak "chromedriver does not start: " . Program::slurp($log) if !$port;
	$self->{http} = Http->new("http://127.0.0.1:$port");
	# root needs --no-sandbox; what it shows is our own page
	my @args = (qw(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars
		--no-first-run --disable-extensions --disable-background-networking), "--user-data-dir=$self->{dir}/profile");
	my $v = $self->_post('/session', { capabilities => { alwaysMatch => { browserName => 'chrome',
		'goog:loggingPrefs' => { browser => 'ALL' },
		'goog:chromeOptions' => { binary => $chromium, args => \@args } } } });
	$self->{session} = "/session/$v->{sessionId}";
	return $self;
}

sub _ask {
	my ($self, $method, $path, $body) = @_;
	my $c = $self->{http};
	$c->write($c->text($method, $path, $body));
	my $r = $c->read(40);
	croak "webdriver: $method $path: $r->{body}" if $r->{status} != 200;
	return $r->{json}{value};
}

sub _post {
	my ($self, $path, $body) = @_;
	return $self->_ask(POST => $path, $body // {});
}

sub _do { return $_[0]->_post("$_[0]{session}$_[1]", $_[2]) }

# A command of the browser's own protocol.
sub cdp {
	my ($self, $command, %params) = @_;
	return $self->_do('/goog/cdp/execute', { cmd => $command, params => \%params });
}

sub go { return $_[0]->_do('/url', { url => $_[1] }) }

sub js {
	my ($self, $script, @args) = @_;
	return $self->_do('/execute/sync', { script => $script, args => \@args });
}

sub view {
	my ($self, $width, $height, %o) = @_;
	$self->cdp('Emulation.setDeviceMetricsOverride', width => $width, height => $height, deviceScaleFactor => 1,
		mobile => $o{phone} ? JSON::PP::true : JSON::PP::false);
	$self->cdp('Emulation.setEmulatedMedia',
		features => [{ name => 'prefers-color-scheme', value => $o{dark} ? 'dark' : 'light' }]);
	return;
}

sub _element {
	my ($self, $css) = @_;
	my $e = $self->_do('/element', { using => 'css selector', value => $css });
	return (values %$e)[0];
}

# As a user does: refused when the element cannot be seen or is behind another.
sub click {
	my ($self, $css) = @_;
	return $self->_do('/element/' . $self->_element($css) . '/click');
}

sub type {
	my ($self, $css, $text) = @_;
	return $self->_do('/element/' . $self->_element($css) . '/value', { text => $text });
}

sub until {
	my ($self, $script, $name, $seconds) = @_;
	return Program::wait_for { $self->js($script) } $name, $seconds // 5;
}

# The whole page, however long.
sub picture {
	my ($self, $name) = @_;
	my $v = $self->cdp('Page.captureScreenshot', format => 'png', captureBeyondViewport => JSON::PP::true);
	spill(build() . "/t/$name.png", decode_base64($v->{data}));
	return;
}

sub complaints {
	my ($self) = @_;
	return map { "$_->{level}: $_->{message}" } @{ $self->_do('/se/log', { type => 'browser' }) };
}

sub DESTROY {
	my ($self) = @_;
	return if !$self->{pid} || $$ != $self->{owner};
	local ($@, $?);
	eval { $self->_ask(DELETE => $self->{session}) } if $self->{session};
	kill TERM => -$self->{pid};
	for (my $end = time + 3; time < $end && waitpid($self->{pid}, WNOHANG) == 0; sleep 0.01) { }
	kill KILL => -$self->{pid};
	return;
}

1;
