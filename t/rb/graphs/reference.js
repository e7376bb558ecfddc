// reference.js: runs graphs of promises, one a line of JSON on stdin, with the Promise of
// this node and timers on a clock of their own; a line of JSON for each: what happened, in
// order. t/rb/graphs/graph.rb does the same with Deferred; t/rb/graphs.t has the language.
'use strict';

class Boom extends Error {
  constructor(n) { super('boom'); this.n = n; }
}

class Graph {
  constructor(spec) {
    this.spec = spec;
    this.nodes = [];
    this.log = [];
    this.timers = [];
    this.now = 0;
  }

  at(ns, fn) { this.timers.push({ at: this.now + ns, fn }); }

  delay(ns, v) { return new Promise((yes) => this.at(ns, () => yes(v))); }

  canon(v) {
    if (v === undefined || v === null) return null;
    if (Array.isArray(v)) return v.map((x) => this.canon(x));
    if (v instanceof Boom) return 'E' + v.n;
    if (v instanceof AggregateError) return ['A', v.errors.map((x) => this.canon(x))];
    if (v instanceof TypeError) return 'TypeError';
    if (v instanceof Promise) return 'deferred';
    if (v instanceof Thenable) return 'thenable';
    if (v.status === 'fulfilled') return ['f', this.canon(v.value)];
    if (v.status === 'rejected') return ['r', this.canon(v.reason)];
    return v;
  }

  // What an action or a block names.
  value(v, self) {
    if (!Array.isArray(v)) return v;
    switch (v[0]) {
      case 'node': return this.nodes[v[1]];
      case 'self': return this.nodes[self];
      case 'thenable': return new Thenable(this, v[1], self);
      case 'delay': return this.delay(v[1], v[2]);
      case 'reject': return this.quiet(Promise.reject(v[1]));
      default: return this.quiet(this.list(v[1], v[2], self));
    }
  }

  // It may be rejected, and nobody look.
  quiet(d) {
    d.catch(() => 0);
    return d;
  }

  list(op, values, self) {
    const list = values.map((v) => this.value(v, self));
    return op === 'settled' ? Promise.allSettled(list) : Promise[op](list);
  }

  act(actions, yes, no, self) {
    for (const [ns, what, v] of actions) {
      if (ns > 0) {
        this.delay(ns, 0).then(() => this.act1(what, v, yes, no, self)).catch(() => 0);
      } else {
        this.act1(what, v, yes, no, self);
      }
    }
  }

  act1(what, v, yes, no, self) {
    if (what === 'raise') throw new Boom(v);
    (what === 'yes' ? yes : no)(this.value(v, self));
  }

  block(b, i) {
    if (!Array.isArray(b)) return b;
    return (x) => {
      this.log.push(['b', i, this.canon(x)]);
      if (b[0] === 'raise') throw new Boom(b[1]);
      return b[0] === 'input' ? x : this.value(b[1], i);
    };
  }

  make([kind, a, b, c], i) {
    switch (kind) {
      case 'resolve': return Promise.resolve(this.value(a, i));
      case 'reject': return Promise.reject(a);
      case 'delay': return this.delay(a, b);
      case 'new': return new Promise((yes, no) => this.act(a, yes, no, i));
      case 'then': return this.nodes[a].then(this.block(b, i), this.block(c, i));
      case 'catch': return this.nodes[a].catch(this.block(b, i));
      case 'finally': return this.nodes[a].finally(this.block(b, i));
      default: return this.list(kind, a, i);
    }
  }

  watch(d, i) {
    d.then((v) => { this.log.push(['f', i, this.canon(v)]); },
      (e) => { this.log.push(['r', i, this.canon(e)]); });
  }

  async run() {
    this.spec.forEach((s, i) => {
      this.nodes.push(this.make(s, i));
      this.watch(this.nodes[i], i);
    });
    for (;;) {
      await new Promise(setImmediate); // all that can run has run
      if (!this.timers.length) return this.log;
      const first = Math.min(...this.timers.map((t) => t.at));
      const due = this.timers.filter((t) => t.at === first);
      this.timers = this.timers.filter((t) => t.at !== first);
      this.now = first;
      for (const t of due) t.fn();
    }
  }
}

class Thenable {
  constructor(graph, actions, self) { Object.assign(this, { graph, actions, self }); }
  then(yes, no) { this.graph.act(this.actions, yes, no, this.self); }
}

process.on('unhandledRejection', () => {});
(async () => {
  const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
  for (const line of lines) {
    process.stdout.write(JSON.stringify(await new Graph(JSON.parse(line).graph).run()) + '\n');
  }
})();
