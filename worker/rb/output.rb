# output.rb: what handlers say goes to the task's log.
module Cloud
  # req.log, and Cloud.log.
  module Log
    def self.error(text)
      Deferd.__log(0, text.to_s)
    end

    def self.warn(text)
      Deferd.__log(1, text.to_s)
    end

    def self.info(text)
      Deferd.__log(2, text.to_s)
    end

    def self.debug(text)
      Deferd.__log(3, text.to_s)
    end
  end

  def self.log
    Log
  end

  class Request
    def log
      Log
    end

    def inspect
      "#<Cloud::Request #{kind} #{name} #{task_id}>"
    end
  end
end

module Kernel
  def puts(*values)
    Deferd.__log(2, "") if values.empty?
    values.each do |v|
      v.is_a?(Array) ? puts(*v) : Deferd.__log(2, v.to_s)
    end
    nil
  end

  def print(*values)
    Deferd.__log(2, values.join)
    nil
  end

  def p(*values)
    values.each { |v| Deferd.__log(2, v.inspect) }
    values.size < 2 ? values[0] : values
  end

  def printf(*values)
    Deferd.__log(2, sprintf(*values))
    nil
  end

  def warn(*values)
    values.each { |v| Deferd.__log(1, v.to_s) }
    nil
  end
end

# Words that other Rubys have, with what to write here.
module Kernel
  def sleep(*)
    raise NotImplementedError, "sleep would block the worker: use Deferred.delay(seconds).await"
  end

  def require(*)
    raise NotImplementedError, "require does not exist in mruby: use Cloud.load for files of the handlers' folder"
  end

  def require_relative(*)
    require
  end
end
