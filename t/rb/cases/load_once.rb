# load fails: load_once.rb:2: ArgumentError: Cloud.timer "a": frequency: "once" needs start:
Cloud.timer("a", frequency: "once") { 1 }
