# load fails: load_retries.rb:2: NotImplementedError: Cloud.job "a": retries: is not available yet
Cloud.job("a", retries: 5) { 1 }
