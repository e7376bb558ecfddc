# Background jobs, as a Parse client starts them.

Cloud.job "rebuild" do |req|
  req.progress 0.5, "half way"
  Deferred.delay(0.1).await
  "rebuilt #{req.params['what']}"
end

Cloud.job("broken", retries: 0) { raise "no luck" }
Cloud.job "patient" do |req|
  req.progress 0.25, "waiting"
  Deferred.delay(30).await
end
