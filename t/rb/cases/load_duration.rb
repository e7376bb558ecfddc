# load fails: load_duration.rb:2: ArgumentError: Cloud.timer "a": every: not a duration like "10s", "5m" or a number of seconds
Cloud.timer("a", every: "soon") { 1 }
