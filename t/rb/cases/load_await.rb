# load fails: load_await.rb:2: *: *deferred work can only be started by a handler, not while its file is loaded
X = Deferred.delay(1).await
