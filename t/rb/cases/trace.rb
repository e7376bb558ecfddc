# Where the time of a task goes, as its worker tells it: kind, from and how long (ms).
# conf: spans
Cloud.function("quick") { "quick" }
Cloud.function("row") do |req|
  Deferred.delay(0.041).await
  Deferred.delay(0.038).await
  nil
end
Cloud.function("all") { Deferred.all([Deferred.delay(0.03), Deferred.delay(0.02)]).await.size }
Cloud.function("leaf") { Deferred.delay(0.005).await }
Cloud.function("call") { Cloud.call("leaf").await }
Cloud.function("async") { async { Deferred.delay(0.007).await; 1 }.await }
Cloud.function("early") { d = Deferred.delay(0.01); Deferred.delay(0.03).await; d.await }
Cloud.function("fails") { Deferred.delay(0.002).await; raise "no" }
Cloud.function("late") { Deferred.delay(60).await }

# run: quick {}
# want: done "quick"
# run: quick {} trace=0
# want: burst 0+0
# want: done "quick"
# run: row {} trace=0
# want: work 0+41 ok trace.rb:5 Deferred.delay
# want: await 0+41 work=1 trace.rb:5
# want: burst 0+0
# want: work 41+38 ok trace.rb:6 Deferred.delay
# want: await 41+38 work=4 trace.rb:6
# want: burst 41+0
# want: burst 79+0
# want: done null
# run: row {} trace=79
# want: work 0+41 ok trace.rb:5 Deferred.delay
# want: await 0+41 work=1 trace.rb:5
# want: burst 0+0
# want: work 41+38 ok trace.rb:6 Deferred.delay
# want: await 41+38 work=4 trace.rb:6
# want: burst 41+0
# want: burst 79+0
# want: done null
# run: row {} trace=80
# want: done null
# run: all {} trace=0
# want: work 0+30 ok trace.rb:9 Deferred.delay
# want: work 0+20 ok trace.rb:9 Deferred.delay
# want: await 0+30 trace.rb:9 2 deferreds
# want: burst 0+0
# want: burst 20+0
# want: burst 30+0
# want: burst 30+0
# want: done 2
# run: call {} trace=0
# want: work 0+5 ok trace.rb:11 Cloud.call leaf
# want: await 0+5 work=1 trace.rb:11
# want: burst 0+0
# want: work 0+5 ok depth=1 trace.rb:10 Deferred.delay
# want: await 0+5 depth=1 work=4 trace.rb:10
# want: burst 0+0 depth=1 leaf
# want: burst 5+0 depth=1 leaf
# want: burst 5+0
# want: done null
# run: async {} trace=0
# want: work 0+7 ok trace.rb:12 async
# want: await 0+7 work=1 trace.rb:12
# want: burst 0+0
# want: work 0+7 ok trace.rb:12 Deferred.delay
# want: await 0+7 work=4 trace.rb:12
# want: burst 0+0
# want: burst 7+0
# want: burst 7+0
# want: done 1
# run: early {} trace=0
# want: work 0+10 ok trace.rb:13 Deferred.delay
# want: work 0+30 ok trace.rb:13 Deferred.delay
# want: await 0+30 work=2 trace.rb:13
# want: burst 0+0
# want: burst 30+0
# want: done null
# run: fails {}
# want: work 0+2 ok trace.rb:14 Deferred.delay
# want: await 0+2 work=1 trace.rb:14
# want: burst 0+0
# want: burst 2+0
# want: failed RAISED RuntimeError: no
# run: late {} timeout=1000
# want: work 0+1000 open trace.rb:15 Deferred.delay
# want: await 0+1000 work=1 trace.rb:15
# want: burst 0+0
# want: burst 1000+0
# want: failed TIMEOUT Cloud::Timeout: the handler did not finish in its time
