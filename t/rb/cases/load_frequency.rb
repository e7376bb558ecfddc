# load fails: load_frequency.rb:2: ArgumentError: Cloud.timer "a": cron: "30 15 3 * * 1,8": the weekdays are not a list of 0-7 or SUN-SAT
Cloud.timer("a", frequency: :weekly, on: [1, 8], start: "2027-01-31T03:15:30Z") { 1 }
