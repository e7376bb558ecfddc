'use strict';
// tap.js: tests of a client, in order, each with its time limit; prints TAP.
const assert = require('node:assert');

const tests = [];
const LIMIT_MS = 20000;

// With a name that says what the client sees; fn may be async.
function test(name, fn) {
  tests.push({ name, fn });
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function run() {
  const only = process.env.T_ONLY;
  let n = 0, failed = 0;
  for (const t of tests) {
    if (only && !t.name.includes(only)) continue;
    n++;
    try {
      await within(LIMIT_MS, Promise.resolve().then(t.fn));
      console.log(`ok ${n} - ${t.name}`);
    } catch (e) {
      failed++;
      console.log(`not ok ${n} - ${t.name}`);
      console.log(String(e && e.stack || e).split('\n').map((l) => '# ' + l).join('\n'));
    }
  }
  console.log(`1..${n}`);
  process.exit(failed || !n ? 1 : 0);
}

// The error that a promise is rejected with; fails when it is not.
async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (e) {
    return e;
  }
  assert.fail('was resolved with ' + JSON.stringify(value));
}

// Asks until fn gives something truthy.
async function until(what, fn, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const v = await fn();
    if (v) return v;
    if (Date.now() > end) throw new Error('never came: ' + what);
    await new Promise((r) => setTimeout(r, 20));
  }
}

module.exports = { test, run, rejection, until, assert };
