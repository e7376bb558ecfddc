'use strict';
// parse.js: the Parse JS SDK against deferd. Started by parse.t.
const Parse = require('parse/node');
const { test, run, rejection, until, assert } = require('./tap');
const deferd = require('./deferd');
const values = require('./values');

Parse.initialize(deferd.app, deferd.keys.javascript, deferd.keys.master);
Parse.serverURL = deferd.url + '/parse';
const isDeep = assert.deepStrictEqual;
const call = (name, params, options) => Parse.Cloud.run(name, params, options);

async function fails(promise, code, message) {
  const e = await rejection(promise);
  if (message instanceof RegExp) assert.match(e.message, message);
  else assert.strictEqual(e.message, message);
  assert.strictEqual(e.code, code);
}

// --- functions ---

test('a function', async () => isDeep(await call('hello', { name: 'World' }), 'Hello World'));
test('no parameters', async () => isDeep(await call('echo'), {}));
test('nil is null', async () => isDeep(await call('nothing'), null));
test("the SDK's own keys are not in the parameters", async () => {
  isDeep(await call('echo', { a: 1, _mine: 2 }), { a: 1, _mine: 2 });
  isDeep(await call('echo', { a: 1 }, { useMasterKey: true }), { a: 1 });
});
test('a name with a space', async () => isDeep(await call('class of', { value: 1 }), 'Integer'));
test('waits for a deferred', async () => isDeep(await call('later', { a: [1] }), { a: [1] }));
test('a chain of deferreds', async () => isDeep(await call('chained', { n: 20 }), 42));
test('await, all, async, a nested call', async () => isDeep(await call('awaits'), 'Hello 1-2-3'));
test('what a handler sees of the request', async () => {
  const r = await call('request', { x: 1 }, { context: { from: 'test' } });
  isDeep([r.name, r.lane, r.attempt, r.master], ['request', 'main', 1, false]);
  isDeep(r.context, { from: 'test' });
  assert.match(r.headers['user-agent'], /Parse\/js/);
  assert.match(r.ip, /127\.0\.0\.1/);
  isDeep((await call('request', {}, { useMasterKey: true })).master, true);
});

// --- values ---

for (const [name, value] of values) {
  test('to Ruby and back: ' + name, async () => {
    isDeep(await call('echo', { value }), { value });
  });
}
test('a Date is a Time in Ruby, and a Date again', async () => {
  const at = new Date(1700000000123);
  isDeep(await call('class of', { value: at }), 'Time');
  isDeep(await call('echo', { at, list: [{ at }] }), { at, list: [{ at }] });
  isDeep(await call('moment', { at }), new Date(1700000001123));
  isDeep(await call('made', { what: 'time' }), new Date(1700000000123));
});
test('a Date before 1970, and one far away', async () => {
  for (const at of [new Date(-1), new Date(0), new Date(-62135596800000), new Date(253402300799999)]) {
    isDeep(await call('echo', { at }), { at });
  }
});
test('a GeoPoint passes', async () => {
  const got = (await call('echo', { p: new Parse.GeoPoint(1.5, -2) })).p;
  isDeep([got.constructor === Parse.GeoPoint, got.latitude, got.longitude], [true, 1.5, -2]);
});
test('a Pointer passes', async () => {
  const p = { __type: 'Pointer', className: 'Post', objectId: 'abc' };
  const got = (await call('echo', { p })).p;
  isDeep([got.className, got.id], ['Post', 'abc']);
});
for (const [what, want] of [['int', 42], ['float', 2], ['text', 'grüße 漢字 😀'], ['nil', null],
  ['true', true], ['false', false], ['list', [1, 'two', null, [3.5]]],
  ['hash', { a: { b: [1] } }], ['symbol', 'word'], ['symbol_keys', { a: { b: 1 } }],
  ['int_keys', { 1: 'one' }], ['empty', '']]) {
  test('from Ruby: ' + what, async () => isDeep(await call('made', { what }), want));
}
for (const what of ['nan', 'infinity', 'bytes', 'deep', 'object', 'cycle']) {
  test('a result that cannot be encoded: ' + what, () => fails(call('broken', { what }), 141, /./));
}

// --- errors ---

for (const [how, message, code = 141] of [
  ['text', 'boom'], ['class', 'odd one'], ['type', /\+/], ['argument', 'not that'],
  ['code', 'custom code', 1234], ['not found', 'Object not found.', 101],
  ['status', 'a teapot', 4321], ['reject', /just text/], ['reject error', 'rejected'],
  ['later', 'later'], ['awaited', 'awaited'], ['utf8', 'ungültig: 漢字'], ['any', /./]]) {
  test('a function fails: ' + how, () => fails(call('fail', { how }), code, message));
}
test('an unknown function', () => fails(call('nope'), 141, 'Invalid function: "nope"'));
test('a timeout is 124', async () => {
  const began = Date.now();
  await fails(call('never'), 124, /./);
  assert(Date.now() - began < 1500, 'in time');
});
test('the worker dies while it runs the call: 141, and no second try', async () => {
  const dead = rejection(call('spin'));
  deferd.killWorker(await deferd.workerOf('spin'));
  isDeep((await dead).code, 141);
  isDeep((await deferd.tasks('spin')).length, 1);
});
test('the worker dies while the call awaits: it runs again', async () => {
  const again = call('again');
  deferd.killWorker(await deferd.workerOf('again'));
  isDeep(await again, 'again');
});
test('repeat: false is not run again', async () => {
  const dead = rejection(call('once'));
  deferd.killWorker(await deferd.workerOf('once'));
  isDeep((await dead).code, 141);
});
test('a wrong key', async () => {
  const r = await deferd.raw('POST', '/parse/functions/hello',
    JSON.stringify({ _ApplicationId: deferd.app, _JavaScriptKey: 'wrong' }));
  isDeep([r.status, JSON.parse(r.text).error], [403, 'unauthorized']);
});
test('an unknown path is JSON', async () => {
  const r = await deferd.raw('GET', '/parse/no/such/thing', null,
    { 'X-Parse-Application-Id': deferd.app, 'X-Parse-Javascript-Key': deferd.keys.javascript });
  assert(r.status >= 400 && r.status < 500, 'status ' + r.status);
  assert(JSON.parse(r.text).error, r.text);
});

// --- credentials in headers ---

test('raw REST with headers', async () => {
  const r = await deferd.raw('POST', '/parse/functions/echo?q=1', '{"a":2,"q":0}', {
    'X-Parse-Application-Id': deferd.app, 'X-Parse-REST-API-Key': deferd.keys.rest,
    'Content-Type': 'application/json',
  });
  isDeep([r.status, JSON.parse(r.text)], [200, { result: { a: 2, q: '1' } }]);
  isDeep(r.headers['access-control-allow-origin'], '*');
});
test('64-bit integers are exact on the wire', async () => {
  const r = await deferd.raw('POST', '/parse/functions/echo',
    '{"a":9223372036854775807,"b":2.0}',
    { 'X-Parse-Application-Id': deferd.app, 'X-Parse-Javascript-Key': deferd.keys.javascript });
  isDeep(r.text.trim(), '{"result":{"a":9223372036854775807,"b":2.0}}');
});

// --- jobs ---

async function ended(id) {
  return until('the end of the job', async () => {
    const status = await Parse.Cloud.getJobStatus(id);
    return status.get('status') !== 'running' && status;
  });
}
test('a job: started, followed, succeeded', async () => {
  const id = await Parse.Cloud.startJob('rebuild', { what: 'index' });
  assert.match(id, /^[0-9a-zA-Z-]{10,}$/);
  const status = await ended(id);
  isDeep([status.get('status'), status.get('jobName'), status.get('source')],
    ['succeeded', 'rebuild', 'api']);
  isDeep(status.get('message'), 'rebuilt index');
  assert(status.get('finishedAt') instanceof Date, 'finishedAt is a Date');
  assert(status.createdAt instanceof Date, 'createdAt is a Date');
  isDeep(status.id, id);
});
test('a job that fails', async () => {
  const status = await ended(await Parse.Cloud.startJob('broken', {}));
  isDeep([status.get('status'), status.get('message')], ['failed', 'no luck']);
});
test('a job shows that it runs and what it said', async () => {
  const id = await Parse.Cloud.startJob('patient', {});
  await until('its message', async () =>
    (await Parse.Cloud.getJobStatus(id)).get('message') === 'waiting');
  isDeep((await Parse.Cloud.getJobStatus(id)).get('status'), 'running');
  const r = await deferd.raw('DELETE', `/v1/apps/${deferd.app}/tasks/${id}`, null,
    { Authorization: 'Bearer ' + deferd.keys.master });
  assert(r.status === 200 || r.status === 202, r.text);
  isDeep((await ended(id)).get('status'), 'failed');
});
test('an unknown job', () => fails(Parse.Cloud.startJob('nope', {}), 141, 'Invalid job.'));
test('an unknown job status', async () => {
  isDeep((await rejection(Parse.Cloud.getJobStatus('0193c1f2-0000-7000-8000-000000000000'))).code,
    101);
});
test('getJobsData', async () => {
  const data = await Parse.Cloud.getJobsData();
  isDeep([data.in_use, data.jobs.slice().sort()], [[], ['broken', 'patient', 'rebuild']]);
});
test('jobs need the master key', async () => {
  const r = await deferd.raw('POST', '/parse/jobs/rebuild',
    JSON.stringify({ _ApplicationId: deferd.app, _JavaScriptKey: deferd.keys.javascript }));
  isDeep(r.status, 403);
});

// --- the rest ---

test('config', async () => isDeep((await Parse.Config.get()).attributes, {}));
test('health', async () => isDeep(await Parse.getServerHealth(), { status: 'ok' }));
test('200 calls at once', async () => {
  const calls = Array.from({ length: 200 }, (_, i) => call(i % 2 ? 'echo' : 'later', { i }));
  isDeep(await Promise.all(calls), calls.map((_, i) => ({ i })));
});

run();
