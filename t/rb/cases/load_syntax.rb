# load fails: load_syntax.rb:4: SyntaxError: load_syntax.rb:4: *
Cloud.function("a") do
  1
end end
