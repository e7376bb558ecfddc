# load fails: load_raise.rb:3: RuntimeError: not today
def no
  raise "not today"
end
no
