# load fails: load_option.rb:3: ArgumentError: Cloud.function "a": unknown option timout: (there are timeout, burst, repeat, retries, detached)

Cloud.function("a", timout: 5) { 1 }
