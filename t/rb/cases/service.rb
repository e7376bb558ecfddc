# Services: public methods, routes, and what must not be callable.
class Users < Cloud::Service
  def initialize() @n = 0 end
  def find(req) @n += 1; "user #{req.params['id']} #{@n}" end
  def opt(req = nil) req.name end
  def early(req) return "early" if req.params["e"]; "late" end
  def helper_call(req) [secret_one(1), helper(2)] end
  def waits(req) Deferred.delay(1).await; @n + 1 end
  def two(a, b) end
  def none; end
  def _hidden(req) end
  def name=(v) end
  attr_reader :n
  put "/users/:id" do |req|
    Deferred.delay(0.2).await
    return { "message" => "updated", "id" => req.path_params["id"], "by" => helper(1) }
  end
  get("/ping") { "pong" }
  private
  def secret_one(x) "s#{x}" end
  def secret_two(req) end
  public
  def again(req) "public" end
  def helper(x) "h#{x}" end
  private :helper
  private def marked(req) end
end
Cloud.service "Users", Users, timeout: "5s"
Cloud.function("names") { Deferred.resolve(1) }

# run: Users/find {"id": 3}
# want: done "user 3 1"
# run: Users/find {"id": 4}
# want: done "user 4 1"
# run: Users/opt {}
# want: done "Users/opt"
# run: Users/early {"e": 1}
# want: done "early"
# run: Users/helper_call {}
# want: done ["s1","h2"]
# run: Users/waits {}
# want: done 1
# run: Users/again {}
# want: done "public"
# run: "Users PUT /users/:id" {} path={"id": "9"}
# want: done {"message":"updated","id":"9","by":"h1"}
# run: "Users GET /ping" {}
# want: done "pong"
# run: Users/two {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/none {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/_hidden {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/name= {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/n {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/secret_one {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/secret_two {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/helper {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/marked {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/__route_0 {}
# want: failed RAISED RuntimeError: it names a handler*
# run: Users/inspect {}
# want: failed RAISED RuntimeError: it names a handler*
