# fiber.rb: the fibers that handlers and blocks run in. See fiber.c for the frame.
class Fiber
  class << self
    alias_method :__yield, :yield

    def yield(*values)
      if Deferd.__own?
        raise FiberError, "Fiber.yield in a handler's own fiber: use await"
      end
      __yield(*values)
    end
  end
end

class Fiber
  alias_method :__resume, :resume
end

module Deferd
  # Only deferd resumes these: one that a handler kept would run in another's place.
  class OwnFiber < Fiber
    def resume(*_)
      raise FiberError, "this fiber is a task's own, only deferd resumes it: use a Deferred to wake it"
    end
  end

  def self.__make_fiber
    frame = [nil, nil, nil, nil]
    fiber = OwnFiber.new do |stop|
      while true
        begin
          raise stop if stop
          method = frame[3]
          if method
            frame[0] = frame[0].new.__send__(method, frame[1])
          else
            frame[0] = frame[0].__call(frame[1])
          end
          frame[2] = 1
        rescue Exception => e
          frame[0] = e
          frame[2] = 2
          e = nil
        end
        stop = Fiber.__yield
      end
    end
    [fiber, proc { |value| fiber.__resume(value) }, frame]
  end
end
