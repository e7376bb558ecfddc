# load fails: load_before.rb:2: NotImplementedError: Cloud.before is not available yet
Cloud.before(:create, "Invoice") { |req| 1 }
