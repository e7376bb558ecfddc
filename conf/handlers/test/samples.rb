# Tests of the sample handlers: deferd-worker -t -d conf/handlers conf/handlers/test/*.rb
# The clock is the tests' own: what waits costs no time.

test "hello greets by name" do
  assert_equal "Hello Ann", call("hello", { "name" => "Ann" })
  assert_equal "Hello world", call("hello")
end

test "the event takes a second" do
  outcome = reply("myCustomEvent", { "weather" => "sunny" })
  assert_equal 1.0, outcome.seconds
  assert log.include?('info my custom event handler: {"weather"=>"sunny"}')
end

test "a task that is not there keeps its code" do
  failure = call_error("approveTask", { "id" => 9 })
  assert_equal 101, failure.code
  assert_equal "Object not found.", failure.message
end

test "what is independent runs at the same time" do
  call("loadDashboard")
  assert_equal 0.05, now
end

test "the bad example is caught" do
  call("badExample")
  assert_equal 1, troubles.size
  assert troubles[0].include?("patterns.rb:12: Deferred.delay")
  troubles.clear # they were expected
end

test "PUT answers at once, and the job does the work" do
  outcome = reply("Users PUT /queued/:id", { "a" => 1 }, path_params: { "id" => "7" })
  assert_equal 202, outcome.status
  assert_equal ["userUpdate"], enqueued.map { |task| task["name"] }
  run_enqueued
  assert_equal "info Background update of user 7", log.last
end

test "PUT tells its client when there is nothing to write" do
  outcome = reply("Users PUT /users/:id", [1], path_params: { "id" => "7" })
  assert_equal 500, outcome.status
  assert_equal({ "error" => "Failed to update user" }, outcome.value)
end
