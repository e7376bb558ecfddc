# Deadlines and cancelling: the await raises, ensure runs, and it is over.
Cloud.function("await") { begin; Deferred.delay(60).await; ensure; puts "ensure"; end }
Cloud.function("returned") { Deferred.delay(60) }
Cloud.function("never") { Deferred.new { |_, _| } }
Cloud.function("rescued") { begin; Deferred.delay(60).await; rescue Cloud::Timeout => e; "fallback" end }
Cloud.function("awaits_on") { begin; Deferred.delay(60).await; ensure; Deferred.delay(0.1).await; puts "cleaned"; end }
Cloud.function("hangs_on") { begin; Deferred.delay(60).await; ensure; Deferred.delay(60).await; puts "never"; end }
Cloud.function("async") { a = async { begin; Deferred.delay(60).await; ensure; puts "inner ensure"; end }; begin; a.await; ensure; puts "outer ensure"; end }
Cloud.function("chain") { Deferred.delay(60).then { puts "never" } }
Cloud.function("cancelled") { begin; Deferred.delay(60).await; rescue Cloud::Cancelled => e; puts "#{e.class}: #{e.message}"; raise; end }
Cloud.function("nested") { begin; Cloud.call("await").await; ensure; puts "caller"; end }
Cloud.function("nested_returned") { Cloud.call("returned") }
Cloud.function("ok") { 1 }
Cloud.function("swallow") { loop { begin; Deferred.delay(60).await; rescue Cloud::Timeout; puts "again"; end } }

# run: await {} timeout=1000
# want: log info ensure
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: returned {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: never {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: rescued {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: awaits_on {} timeout=1000
# want: log info cleaned
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: hangs_on {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: async {} timeout=1000
# want: log info outer ensure
# want: log info inner ensure
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: chain {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: cancelled {} cancel=500
# want: log info Cloud::Cancelled: cancelled by the test
# want: failed CANCELLED Cloud::Cancelled: cancelled by the test
# run: returned {} cancel=500
# want: failed CANCELLED Cloud::Cancelled: cancelled by the test
# run: ok {} cancel=500
# want: done 1
# run: nested {} timeout=1000
# want: log info ensure
# want: log info caller
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# run: nested {} cancel=1000
# want: log info ensure
# want: log info caller
# want: failed CANCELLED Cloud::Cancelled: cancelled by the test
# run: nested_returned {} timeout=1000
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
# start: await {} timeout=1000
# run: ok {}
# want: done 1
# want: log info ensure
# want: failed TIMEOUT *
# run: swallow {} timeout=1000
# want: log info again
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
