#!/usr/bin/perl
# The sample handlers do what their comments say. Each file is run with the calls below,
# written as in t/rb/cases.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $top = $ENV{DEFERD_TOP} // '.';
my $build = $ENV{DEFERD_BUILD} // "$top/build";
my $dir = tempdir(CLEANUP => 1);

my %calls = (
	hello => <<'CALLS',
# run: hello {"name": "Ann"}
# want: done "Hello Ann"
# run: hello {}
# want: done "Hello world"
# run: myCustomEvent {"weather": "sunny"}
# want: log info my custom event handler: {"weather"=>"sunny"}
# want: done null
# run: testService/testMethod {"weather": "sunny"}
# want: done {"weather":"sunny","lane":"main"}
CALLS
	patterns => <<'CALLS',
# conf: took
# run: countOpenTasks {}
# want: done 2 took=50ms
# run: approveTask {"id": 1}
# want: done {"approved":true} took=100ms
# run: approveTask {"id": 9}
# want: failed CLOUD_ERROR Cloud::Error: Object not found. code=101 took=50ms
# run: loadDashboard {}
# want: done {"commentCount":2,"likeCount":1} took=50ms
# run: safeDelete {"id": 2}
# want: done {"deleted":true} took=100ms
# run: safeDelete {"id": 9}
# want: failed CLOUD_ERROR Cloud::Error: Could not delete task: Object not found. code=101 took=50ms
# run: badExample {}
# want: detached wait Deferred.delay patterns.rb:12
# want: log info 3
# want: done "done" took=50ms
# run: goodExample {}
# want: done 3 took=50ms
# run: fireAndForget {}
# want: done "accepted" took=0ms
# want: log info saved {"seen"=>true}
CALLS
	users => <<'CALLS',
# conf: took
# run: "Users PUT /users/:id" {"a": 1} path={"id": "7"}
# want: log info User 7 updated with data: {"a"=>1}
# want: log info Notification sent to user 7
# want: done {"message":"User updated successfully"} took=300ms
# run: "Users PUT /users/:id" [1] path={"id": "7"}
# want: log error Error during user update: no data
# want: done {"error":"Failed to update user"} status=500 took=0ms
# run: "Users PUT /chained/:id" {"a": 1} path={"id": "7"}
# want: log info User 7 updated with data: {"a"=>1}
# want: log info Notification sent to user 7
# want: done {"message":"User updated successfully"} took=300ms
# run: "Users PUT /chained/:id" [1] path={"id": "7"}
# want: done {"error":"Failed to update user"} status=500 took=0ms
# run: "Users PUT /queued/:id" {"a": 1} path={"id": "7"}
# want: enqueue job userUpdate async {"id":"7","data":{"a":1}}
# want: done {"message":"User update initiated","task":"*"} status=202 took=0ms
# run: userUpdate {"id": "7"}
# want: progress 0.1 updating
# want: progress 1 done
# want: log info Background update of user 7
# want: done null took=200ms
CALLS
);

for my $name (sort keys %calls) {
	open my $in, '<', "$top/conf/handlers/$name.rb" or die "$name.rb: $!";
	open my $out, '>', "$dir/$name.rb" or die;
	print $out do { local $/; <$in> }, $calls{$name};
	close $out;
	my @lines = `"$build/t/rb/drive" "$dir/$name.rb" 2>&1`;
	subtest $name => sub {
		is($?, 0, 'exit status');
		/^(not )?ok \d+ - (.*)/ ? ok(!$1, $2) : diag($_) for grep { !/^1\.\./ } @lines;
	};
}
is(join(' ', map { s{.*/|\.rb$}{}gr } sort glob "$top/conf/handlers/*.rb"), join(' ', sort keys %calls),
    'no sample is left out');
done_testing;
