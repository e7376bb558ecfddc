# load fails: load_when.rb:2: ArgumentError: Cloud.timer "a": every: and cron: exclude each other
Cloud.timer("a", every: "1m", cron: "@daily") { 1 }
