# step.rb: named steps of a task: see step.c.
module Cloud
  class Request
    # The block's result, kept with the task: a re-run gets it instead of running the block.
    def step(name, &block)
      raise ArgumentError, "step needs a block { ... }" unless block
      name = name.to_s
      found = __step_find(name)
      return found[0] if found
      @steps ||= {}
      raise ArgumentError, "step: #{name.inspect} is running already: another name is needed" if @steps[name]
      @steps[name] = true
      begin
        value = block.call
        value = value.await if Deferred === value
        kept = __step_keep(name, value)
        kept.await if kept
      ensure
        @steps.delete(name)
      end
      __step_find(name)[0]
    end
  end
end
