# load fails: load_start.rb:2: ArgumentError: Cloud.timer "a": start: is a Time or a text like "2027-01-31T12:00:00Z"
Cloud.timer("a", cron: "@daily", start: "tomorrow") { 1 }
