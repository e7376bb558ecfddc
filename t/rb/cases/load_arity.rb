# load fails: load_arity.rb:2: ArgumentError: Cloud.function "a": its block takes one argument, req, not 2
Cloud.function("a") { |req, res| 1 }
