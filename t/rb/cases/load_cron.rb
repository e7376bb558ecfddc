# load fails: load_cron.rb:2: ArgumentError: Cloud.timer "a": cron: "0 0 30 2 *": no day of any year matches it
Cloud.timer("a", cron: "0 0 30 2 *") { 1 }
