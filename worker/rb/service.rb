# service.rb: Cloud::Service: public methods and REST routes. mruby ignores `private`, so
# the class keeps track of it.
module Cloud
  class Service
    class << self
      def private(*names)
        __visibility(true, names)
      end

      def protected(*names)
        __visibility(true, names)
      end

      def public(*names)
        __visibility(false, names)
      end

      def __visibility(hidden, names)
        @__hidden ||= {}
        @__hide = hidden if names.empty?
        names.flatten.each { |n| @__hidden[n.to_sym] = hidden }
        names[0]
      end

      def attr_reader(*names)
        __hide_all(super, names, [""])
      end

      def attr_writer(*names)
        __hide_all(super, names, ["="])
      end

      def attr_accessor(*names)
        __hide_all(super, names, ["", "="])
      end

      def __hide_all(result, names, ends)
        names.each { |n| ends.each { |e| __visibility(true, ["#{n}#{e}"]) } }
        result
      end

      def method_added(name)
        @__hidden ||= {}
        @__hidden[name] = @__hide ? true : false
      end

      def get(pattern, &block)
        __route("GET", pattern, block)
      end

      def post(pattern, &block)
        __route("POST", pattern, block)
      end

      def put(pattern, &block)
        __route("PUT", pattern, block)
      end

      def patch(pattern, &block)
        __route("PATCH", pattern, block)
      end

      def delete(pattern, &block)
        __route("DELETE", pattern, block)
      end

      def __route(verb, pattern, block)
        what = "#{verb.downcase} #{pattern.inspect}"
        raise ArgumentError, "#{what}: a route needs a block { |req| ... }" unless block
        unless pattern.is_a?(String) && pattern[0] == "/" && pattern.bytesize <= 1000
          raise ArgumentError, "#{what}: a route's pattern begins with / and has at most 1000 bytes"
        end
        Cloud.__check_block(what, block)
        @__routes ||= []
        method = "__route_#{@__routes.size}".to_sym
        Cloud.__define(self, method, block)
        @__routes << [verb, pattern, method, Cloud.__place(block)]
        nil
      end

      # A method is callable when it is public, of this very class, takes one argument and
      # has a plain name.
      def __callable
        hidden = @__hidden || {}
        instance_methods(false).select do |n|
          text = n.to_s
          text[0] != "_" && !hidden[n] && n != :initialize && !["=", "?", "!"].include?(text[-1]) &&
            [1, -1, -2].include?(instance_method(n).arity)
        end
      end

      def __register_all(name, numbers, place)
        (@__routes || []).each do |verb, pattern, method, at|
          Cloud.__register("route", "#{name} #{verb} #{pattern}", at, self, method, numbers, verb, pattern)
        end
        __callable.each do |method|
          Cloud.__register("service", "#{name}/#{method}", place, self, method, numbers, nil, nil)
        end
      end
    end
  end
end
