# load fails: load_retries.rb:2: ArgumentError: Cloud.job "a": retries is a number from 0 to 100
Cloud.job("a", retries: -5) { 1 }
