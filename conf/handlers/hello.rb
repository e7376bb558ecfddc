# The smallest function: POST {"name": "Ann"} and get "Hello Ann".
Cloud.function "hello" do |req|
  "Hello #{req.params['name'] || 'world'}"
end

# A custom event that takes a second: called in async-low-priority it never keeps main
# tasks waiting.
Cloud.event "myCustomEvent" do |req|
  req.log.info "my custom event handler: #{req.params.inspect}"
  Deferred.delay(1) # the task ends when the returned deferred settles
end

# The same for a service: services/testService/testMethod.
class TestService < Cloud::Service
  def testMethod(req)
    Deferred.delay(0.1).await
    { "weather" => req.params["weather"], "lane" => req.lane }
  end
end
Cloud.service "testService", TestService
