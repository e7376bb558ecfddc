# conf: took
# A post's counter follows its comments: one handler written in four ways, each of two steps
# that depend on each other, and what becomes of each when it is written badly. Tables are
# not there yet: Data and Cloud.after are stand-ins of this file.
module Data
  class Item
    attr_reader :id, :comments
    def initialize(id, comments) @id = id; @comments = comments end
    def comments=(n) @comments = n end
    def increment(_) @comments += 1; self end
    def save(&block) Data.operation("save #{@id} with #{@comments}", self, &block) end
    def self.find_by_id(id, &block) Data[self.to_s].find_by_id(id, self, &block) end
  end

  class Store
    def initialize(name) @name = name end
    def find_by_id(id, item = Item, &block)
      row = item.new(id, 4) if id == "p1"
      Data.operation("find #{@name} #{id}", row, &block)
    end
    def save(item, &block) item.save(&block) end
  end

  def self.[](name) Store.new(name) end

  # 50 ms; nil is not found. With a block, that is called with error and value.
  def self.operation(what, value, &block)
    d = Deferred.delay(0.05).then do
      puts what
      value || raise(Cloud::Error.new(1000, "Entity not found"))
    end
    d.then(proc { |v| block.call(nil, v) }, proc { |e| block.call(e, nil) }) if block
    d
  end
end

def Cloud.after(action, table, options = nil, &block)
  Cloud.event("#{options[:name]}.after#{action}#{table}", &block)
end

UNABLE = "Unable to update post comments counter. Got an error : "

# 1. Callbacks, wrapped into a deferred that is returned.
Cloud.after(:Create, "Comment", name: "callbacks", async: true) do |req|
  posts = Data["Post"]
  Deferred.new do |resolve, reject|
    on_error = proc { |e| reject.call(UNABLE + e.message) }
    posts.find_by_id(req.params["postId"]) do |error, post|
      if error
        on_error.call(error)
      else
        post.comments = post.comments + 1
        posts.save(post) { |e, saved| e ? on_error.call(e) : resolve.call(saved.comments) }
      end
    end
  end
end

# 2. The chain itself is returned.
Cloud.after(:Create, "Comment", name: "chain", async: true) do |req|
  posts = Data["Post"]
  posts.find_by_id(req.params["postId"])
    .then { |post| post.comments += 1; posts.save(post) }
    .then { |post| post.comments }
    .catch { |e| Deferred.reject(UNABLE + e.message) }
end

# 3. and 4. The item knows how to count and save itself.
class Post < Data::Item
  def increment_comments_counter
    increment "comments"
    save
  end
end

Cloud.after(:Create, "Comment", name: "item", async: true) do |req|
  Post.find_by_id(req.params["postId"])
    .then { |post| post.increment_comments_counter }
    .then { |post| post.comments }
    .catch { |e| Deferred.reject(UNABLE + e.message) }
end

Cloud.after(:Create, "Comment", name: "await", async: true) do |req|
  begin
    Post.find_by_id(req.params["postId"]).await.increment_comments_counter.await.comments
  rescue => e
    raise UNABLE + e.message
  end
end

# A reject that is not returned: the failure would be lost.
Cloud.after(:Create, "Comment", name: "lost_reject", async: true) do |req|
  Post.find_by_id(req.params["postId"])
    .then { |post| post.increment_comments_counter }
    .catch { |e|
      Deferred.reject(UNABLE + e.message)
      nil
    }
end

# The chain is not returned: the work would be lost.
Cloud.after(:Create, "Comment", name: "lost_work", async: true) do |req|
  Post.find_by_id(req.params["postId"]).then { |post| post.increment_comments_counter }
  nil
end

# run: callbacks.afterCreateComment {"postId": "p1"}
# want: log info find Post p1
# want: log info save p1 with 5
# want: done 5 took=100ms
# run: callbacks.afterCreateComment {"postId": "p2"}
# want: log info find Post p2
# want: failed RAISED Deferred::Rejected: Unable to update post comments counter. Got an error : Entity not found took=50ms
# run: chain.afterCreateComment {"postId": "p1"}
# want: log info find Post p1
# want: log info save p1 with 5
# want: done 5 took=100ms
# run: chain.afterCreateComment {"postId": "p2"}
# want: log info find Post p2
# want: failed RAISED Deferred::Rejected: Unable to update post comments counter. Got an error : Entity not found took=50ms
# run: item.afterCreateComment {"postId": "p1"}
# want: log info find Post p1
# want: log info save p1 with 5
# want: done 5 took=100ms
# run: item.afterCreateComment {"postId": "p2"}
# want: log info find Post p2
# want: failed RAISED Deferred::Rejected: Unable to update post comments counter. Got an error : Entity not found took=50ms
# run: await.afterCreateComment {"postId": "p1"}
# want: log info find Post p1
# want: log info save p1 with 5
# want: done 5 took=100ms
# run: await.afterCreateComment {"postId": "p2"}
# want: log info find Post p2
# want: failed RAISED RuntimeError: Unable to update post comments counter. Got an error : Entity not found took=50ms
# run: lost_reject.afterCreateComment {"postId": "p2"}
# want: log info find Post p2
# want: unhandled Deferred::Rejected: Unable to update post comments counter. Got an error : Entity not found comments.rb:96
# want: done null took=50ms
# run: lost_work.afterCreateComment {"postId": "p1"}
# want: detached wait Deferred.delay comments.rb:28
# want: log info find Post p1
# want: detached wait Deferred.delay comments.rb:28
# want: log info save p1 with 5
# want: done null took=100ms
# run: lost_work.afterCreateComment {"postId": "p2"}
# want: detached wait Deferred.delay comments.rb:28
# want: log info find Post p2
# want: unhandled Cloud::Error: Entity not found (raised at comments.rb:30) comments.rb:103
# want: done null took=50ms
