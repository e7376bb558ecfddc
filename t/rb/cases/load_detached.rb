Cloud.function("x", detached: :ignore) { 1 }
# load fails: load_detached.rb:1: ArgumentError: Cloud.function "x": detached is :wait, :warn or :fail
