# load fails: load_later.rb:2: NotImplementedError: Cloud.timer "a": cron: is not available yet
Cloud.timer("a", cron: "0 3 * * *") { 1 }
