# graph.rb: runs a graph of deferreds, and tells what happened, in order. See reference.js,
# which does the same with promises.
class Boom < StandardError
  attr_reader :n
  def initialize(n) @n = n; super("boom") end
end

class Thenable
  def initialize(graph, actions, this) @graph = graph; @actions = actions; @this = this end
  def then(yes, no) @graph.act(@actions, yes, no, @this) end
end

class Graph
  attr_reader :log

  def initialize(spec)
    @nodes = []
    @log = []
    spec.each_with_index do |s, i|
      @nodes << make(s, i)
      watch(@nodes[i], i)
    end
  end

  def delay(ns, v) Deferred.delay(ns / 1000000000.0, v) end

  def canon(v)
    case v
    when Array then v.map { |x| canon(x) }
    when Boom then "E#{v.n}"
    when Deferred::AggregateError then ["A", canon(v.errors)]
    when TypeError then "TypeError"
    when Deferred then "deferred"
    when Thenable then "thenable"
    when Hash then v["status"] == "fulfilled" ? ["f", canon(v["value"])] : ["r", canon(v["reason"])]
    else v
    end
  end

  def value(v, this)
    return v unless v.is_a?(Array)
    case v[0]
    when "node" then @nodes[v[1]]
    when "self" then @nodes[this]
    when "thenable" then Thenable.new(self, v[1], this)
    when "delay" then delay(v[1], v[2])
    when "reject" then quiet(Deferred.reject(v[1]))
    else quiet(list(v[1], v[2], this))
    end
  end

  # It may be rejected, and nobody look.
  def quiet(d)
    d.catch { 0 }
    d
  end

  def list(op, values, this)
    l = values.map { |v| value(v, this) }
    case op
    when "all" then Deferred.all(l)
    when "any" then Deferred.any(l)
    when "race" then Deferred.race(l)
    else Deferred.all_settled(l)
    end
  end

  def act(actions, yes, no, this)
    actions.each do |ns, what, v|
      if ns > 0
        delay(ns, 0).then { act1(what, v, yes, no, this) }.catch { 0 }
      else
        act1(what, v, yes, no, this)
      end
    end
  end

  def act1(what, v, yes, no, this)
    raise Boom.new(v) if what == "raise"
    (what == "yes" ? yes : no).call(value(v, this))
  end

  def block(b, i)
    return b unless b.is_a?(Array)
    proc do |*x|
      x = x[0]
      @log << ["b", i, canon(x)]
      raise Boom.new(b[1]) if b[0] == "raise"
      b[0] == "input" ? x : value(b[1], i)
    end
  end

  def make(s, i)
    kind, a, b, c = s
    case kind
    when "resolve" then Deferred.resolve(value(a, i))
    when "reject" then Deferred.reject(a)
    when "delay" then delay(a, b)
    when "new" then Deferred.new { |yes, no| act(a, yes, no, i) }
    when "then" then @nodes[a].then(block(b, i), block(c, i))
    when "catch" then @nodes[a].catch(block(b, i))
    when "finally" then @nodes[a].finally(block(b, i))
    else list(kind, a, i)
    end
  end

  def watch(d, i)
    d.then(proc { |v| @log << ["f", i, canon(v)] }, proc { |e| @log << ["r", i, canon(e)] })
  end
end

Cloud.function "graph", detached: :wait do |req|
  graph = Graph.new(req.params["graph"])
  Deferred.delay(1000).await
  graph.log
end
