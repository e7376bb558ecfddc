# A service with methods and routes.

class Values < Cloud::Service
  def echo(req)
    req.body
  end

  def params(req)
    req.params
  end

  def made(req)
    MADE[req.params["what"]]
  end

  def nothing(req)
  end

  def headers(req)
    req.headers
  end

  def lane(req)
    Deferred.delay(0.02).await
    req.lane.to_s
  end

  def broken(req)
    broken_value(req.params["what"])
  end

  def _hidden(req)
    "hidden"
  end

  def no_argument
    "hidden"
  end

  private

  def secret(req)
    "hidden"
  end
end

class Users < Cloud::Service
  get("/users/:id") { |req| { "got" => req.path_params["id"], "q" => req.params["q"] } }
  put "/users/:id" do |req|
    { "id" => req.params["id"], "body" => req.body, "name" => req.params["name"] }
  end
  post("/users") { |req| Cloud::Response.new({ "made" => req.body }, status: 201, headers: { "X-Made" => "yes" }) }
  delete("/users/{id}") { |req| req.params["id"].to_i }
  get("/plain") { |req| "plain" }
end

Cloud.service "Values", Values
Cloud.service "Users", Users
