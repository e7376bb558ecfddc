# load fails: load_overlap.rb:2: ArgumentError: Cloud.timer "a": overlap: is :skip, :queue or :allow
Cloud.timer("a", cron: "@daily", overlap: :yes) { 1 }
