# What is not there: of what, and what was probably meant.
class Shelf
  def books; 1 end
  def hidden; super end
end
class Open
  def method_missing(name, *args) name == :known ? "known" : super end
end
Cloud.function("method") { [1].lenght }
Cloud.function("swapped") { Deferred.resolve(1).awiat }
Cloud.function("module") { Cloud.functoin("x") }
Cloud.function("of_nil") { |req| req.params["nothing"].upcase }
Cloud.function("of_true") { true.foo }
Cloud.function("of_own") { Shelf.new.boks }
Cloud.function("request") { |req| req.parms }
Cloud.function("far") { Shelf.new.periodicals }
Cloud.function("variable") { nothing_like_it }
Cloud.function("super") { Shelf.new.hidden }
Cloud.function("open") { [Open.new.known, (begin; Open.new.knwon; rescue NoMethodError => e; [e.message, e.name]; end)] }
Cloud.function("long") { nil.__send__("x" * 5000) }
Cloud.function("utf8") { nil.__send__("größe") }
Cloud.function("constant") { Defered.delay(1) }
Cloud.function("inner") { Cloud::Erorr }
Cloud.function("no_constant") { Zebra }
Cloud.function("call") { Cloud.call("metod") }
Cloud.function("event") { Events.dispatch("call") }
Cloud.function("far_call") { Cloud.call("something else") }

# run: method {}
# want: failed RAISED NoMethodError: undefined method 'lenght' for an instance of Array. Did you mean length?
# run: swapped {}
# want: failed RAISED NoMethodError: undefined method 'awiat' for an instance of Deferred. Did you mean await?
# run: module {}
# want: failed RAISED NoMethodError: undefined method 'functoin' for Cloud. Did you mean function?
# run: of_nil {}
# want: failed RAISED NoMethodError: undefined method 'upcase' for nil
# run: of_true {}
# want: failed RAISED NoMethodError: undefined method 'foo' for an instance of TrueClass
# run: of_own {}
# want: failed RAISED NoMethodError: undefined method 'boks' for an instance of Shelf. Did you mean books?
# run: request {}
# want: failed RAISED NoMethodError: undefined method 'parms' for an instance of Cloud::Request. Did you mean params?
# run: far {}
# want: failed RAISED NoMethodError: undefined method 'periodicals' for an instance of Shelf
# run: variable {}
# want: failed RAISED NoMethodError: undefined method 'nothing_like_it'
# run: super {}
# want: failed RAISED NoMethodError: undefined method 'hidden' for an instance of Shelf
# run: open {}
# want: done ["known",["undefined method 'knwon' for an instance of Open","knwon"]]
# run: long {}
# want: failed RAISED NoMethodError: undefined method 'xxx*
# run: utf8 {}
# want: failed RAISED NoMethodError: undefined method 'größe' for nil
# run: constant {}
# want: failed RAISED NameError: uninitialized constant Defered. Did you mean Deferred?
# run: inner {}
# want: failed RAISED NameError: uninitialized constant Cloud::Erorr. Did you mean Cloud::Error?
# run: no_constant {}
# want: failed RAISED NameError: uninitialized constant Zebra
# run: call {}
# want: failed RAISED Cloud::Error: Cloud.call: there is no function, event, service method or job "metod". Did you mean "method"?
# run: event {}
# want: failed RAISED Cloud::Error: Cloud.call: there is no event "call"
# run: far_call {}
# want: failed RAISED Cloud::Error: Cloud.call: there is no function, event, service method or job "something else"
