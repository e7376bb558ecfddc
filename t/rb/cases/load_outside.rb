# load fails: load_outside.rb:2: ArgumentError: Cloud.load "../x": names a file below the handlers' folder
Cloud.load "../x"
