# load fails: load_later.rb:2: NotImplementedError: Cloud.function "a": fields: is not available yet
Cloud.function("a", fields: []) { 1 }
