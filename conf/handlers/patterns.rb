# How asynchrony is handled in cloud code. Queries are simulated by Deferred.delay, which
# is what any operation looks like: it returns a Deferred at once.
module Query
  ROWS = {
    "Task" => [{ "id" => 1, "status" => "open" }, { "id" => 2, "status" => "done" },
               { "id" => 3, "status" => "open" }],
    "Comment" => [{ "text" => "a" }, { "text" => "b" }],
    "Like" => [{ "by" => "x" }]
  }

  def self.find(table)
    Deferred.delay(0.05, ROWS[table] || [])
  end

  def self.get(table, id)
    find(table).then do |rows|
      rows.find { |row| row["id"] == id } || raise(Cloud::Error.new(101, "Object not found."))
    end
  end

  def self.save(row)
    Deferred.delay(0.05, row)
  end
end

# Return the deferred: the task ends when it settles, with its value.
Cloud.define "countOpenTasks" do |req|
  Query.find("Task").then { |tasks| tasks.select { |t| t["status"] == "open" }.size }
end

# Await what depends on the step before.
Cloud.define "approveTask" do |req|
  task = Query.get("Task", req.params["id"]).await
  task = Query.save(task.merge({ "approved" => true })).await
  { "approved" => task["approved"] }
end

# Run what is independent at the same time.
Cloud.define "loadDashboard" do |req|
  comments, likes = Deferred.all([Query.find("Comment"), Query.find("Like")]).await
  { "commentCount" => comments.size, "likeCount" => likes.size }
end

# Fail clearly: the message and the code reach the caller.
Cloud.define "safeDelete" do |req|
  begin
    Query.get("Task", req.params["id"]).await
    Deferred.delay(0.05).await
    { "deleted" => true }
  rescue Cloud::Error => e
    raise Cloud::Error.new(e.code, "Could not delete task: #{e.message}")
  end
end

# The bad pattern: the work is neither returned nor awaited. Elsewhere the caller sees
# "done" and the work is lost; here the task waits for it, and a warning names the place.
Cloud.define "badExample" do |req|
  Query.find("Task").then { |tasks| puts tasks.size }
  "done"
end

# The fix.
Cloud.define "goodExample" do |req|
  Query.find("Task").await.size
end

# Work that is meant to outlive its handler says so.
Cloud.define "fireAndForget" do |req|
  Query.save({ "seen" => true }).then { |row| puts "saved #{row.inspect}" }.detach
  "accepted"
end
