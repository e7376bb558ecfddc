# load fails: load_missing.rb:2: ArgumentError: Cloud.load "nothing": No such file or directory
Cloud.load "nothing"
