# Three ways to call asynchronous functions from PUT services/Users/users/:id. The database
# and the mail are simulated by Deferred.delay.
class Users < Cloud::Service
  # 1. One await after the other.
  put "/users/:id" do |req|
    begin
      update_user(req.path_params["id"], req.body).await
      notify_user(req.path_params["id"]).await
      { "message" => "User updated successfully" }
    rescue => e
      req.log.error "Error during user update: #{e.message}"
      Cloud::Response.new({ "error" => "Failed to update user" }, status: 500)
    end
  end

  # 2. A chain: returned, so that the task waits for its end.
  put "/chained/:id" do |req|
    id = req.path_params["id"]
    update_user(id, req.body)
      .then { notify_user(id) }
      .then { { "message" => "User updated successfully" } }
      .catch { Cloud::Response.new({ "error" => "Failed to update user" }, status: 500) }
  end

  # 3. A background job: accepted here, done later as a task of its own.
  put "/queued/:id" do |req|
    update = { "id" => req.path_params["id"], "data" => req.body }
    task = Cloud.enqueue("userUpdate", update, kind: "job").await
    Cloud::Response.new({ "message" => "User update initiated", "task" => task }, status: 202)
  end

  private

  def update_user(id, data)
    return Deferred.reject(ArgumentError.new("no data")) unless data.is_a?(Hash)
    Deferred.delay(0.2).then { puts "User #{id} updated with data: #{data.inspect}" }
  end

  def notify_user(id)
    Deferred.delay(0.1).then { puts "Notification sent to user #{id}" }
  end
end
Cloud.service "Users", Users

Cloud.job "userUpdate", timeout: "1m" do |req|
  req.progress 0.1, "updating"
  Deferred.delay(0.2).await
  req.progress 1, "done"
  puts "Background update of user #{req.params['id']}"
end
