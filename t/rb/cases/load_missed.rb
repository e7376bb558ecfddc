# load fails: load_missed.rb:2: ArgumentError: Cloud.timer "a": missed: is :run_once or :skip
Cloud.timer("a", cron: "@daily", missed: :run) { 1 }
