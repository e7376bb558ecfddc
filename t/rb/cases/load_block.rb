# load fails: load_block.rb:2: ArgumentError: Cloud.function "a": it needs a block { |req| ... }
Cloud.function("a")
