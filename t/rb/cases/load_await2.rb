# load fails: load_await2.rb:2: FiberError: await works in a handler only: this file is still being loaded
X = Deferred.new { |_, _| }.await
