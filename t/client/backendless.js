'use strict';
// backendless.js: the Backendless JS SDK against deferd. Started by backendless.t.
const Backendless = require('backendless');
const { test, run, rejection, until, assert } = require('./tap');
const deferd = require('./deferd');
const values = require('./values');

const client = Backendless.initApp({
  serverURL: deferd.url, appId: deferd.app, apiKey: deferd.keys.rest, standalone: true,
});
const { CustomServices, Events } = client;
const { SYNC, ASYNC, ASYNC_LOW_PRIORITY } = Backendless.BL.ExecutionTypes;
const root = `/${deferd.app}/${deferd.keys.rest}`;
const isDeep = assert.deepStrictEqual;

async function fails(promise, status, code, message) {
  const e = await rejection(promise);
  assert(e instanceof Error, 'is an Error: ' + e);
  if (message instanceof RegExp) assert.match(e.message, message);
  else assert.strictEqual(e.message, message);
  isDeep({ status: e.status, code: e.code }, { status, code });
  return e;
}

// --- services: body forms and execution types ---

test('invoke without arguments: an empty body is nil', async () => {
  isDeep(await CustomServices.invoke('Values', 'echo'), null);
  isDeep(await CustomServices.invoke('Values', 'params'), {});
  isDeep(await CustomServices.invoke('Values', 'nothing'), null);
});
test('invoke with an object; a Date arrives as ISO text', async () => {
  const got = await CustomServices.invoke('Values', 'echo', { a: 1, d: new Date(0) });
  isDeep(got, { a: 1, d: '1970-01-01T00:00:00.000Z' });
});
test('invoke with a list: params are {} then', async () => {
  isDeep(await CustomServices.invoke('Values', 'echo', [1, 'x']), [1, 'x']);
  isDeep(await CustomServices.invoke('Values', 'params', [1, 'x']), {});
});
test('invoke with a raw string', async () => {
  isDeep(await CustomServices.invoke('Values', 'echo', 'hello'), 'hello');
  isDeep(await CustomServices.invoke('Values', 'echo', 'grüße, 漢字'), 'grüße, 漢字');
});
test('the arguments that the SDK turns into an empty body', async () => {
  for (const v of [0, null, false, '']) {
    isDeep(await CustomServices.invoke('Values', 'echo', v), null);
  }
});
for (const [type, lane] of [[SYNC, 'main'], ['Sync', 'main'], ['SYNC', 'main']]) {
  test(`execution type ${type}: waits for the value`, async () => {
    isDeep(await CustomServices.invoke('Values', 'lane', { a: 1 }, type), lane);
  });
}
for (const [type, lane] of [[ASYNC, 'main'], [ASYNC_LOW_PRIORITY, 'low'],
  ['asyncLowPriority', 'low'], ['ASYNC_LOW_PRIORITY', 'low']]) {
  test(`execution type ${type}: null at once, runs in ${lane}`, async () => {
    const before = (await deferd.tasks('Values/lane')).length;
    isDeep(await CustomServices.invoke('Values', 'lane', { a: 1 }, type), null);
    const task = await deferd.endedTask('Values/lane');
    isDeep([task.state, task.lane, task.kind], ['done', lane, 'service']);
    assert((await deferd.tasks('Values/lane')).length > before, 'a task of its own');
  });
}
test('the execution type as third argument', async () => {
  isDeep(await CustomServices.invoke('Values', 'lane', ASYNC), null);
  isDeep(await CustomServices.invoke('Values', 'lane', SYNC), 'main');
});
test('options with execution type and headers', async () => {
  const got = await CustomServices.invoke('Values', 'headers', { a: 1 },
    { executionType: SYNC, httpRequestHeaders: { 'X-Mine': 'yes' } });
  isDeep(got['x-mine'], 'yes');
  isDeep(got['bl-execution-type'], 'sync');
});
test('an unknown execution type is refused', async () => {
  await fails(CustomServices.invoke('Values', 'lane', { a: 1 }, 'sometimes'), 400, 0,
    /sometimes|execution/);
});
test('an async call says its task id and how durable it is', async () => {
  const r = await deferd.raw('POST', root + '/services/Values/lane', '{}',
    { 'Content-Type': 'application/json', 'bl-execution-type': 'async' });
  isDeep([r.status, r.text], [200, 'null']);
  assert.match(r.headers['deferd-task-id'], /^[0-9a-f-]{36}$/);
  isDeep(r.headers['deferd-durability'], 'memory');
});

// --- events ---

test('dispatch without arguments', async () => {
  isDeep(await Events.dispatch('echo'), {});
});
test('dispatch: a plain object comes back as it is', async () => {
  isDeep(await Events.dispatch('echo', { weather: 'sunny' }), { weather: 'sunny' });
});
test('dispatch: anything else is wrapped', async () => {
  isDeep(await Events.dispatch('value', { what: 'int' }), { result: 42 });
  isDeep(await Events.dispatch('value', { what: 'nil' }), { result: null });
  isDeep(await Events.dispatch('value', { what: 'list' }), { result: [1, 'two', null, [3.5]] });
});
test('dispatch waits for the deferred that the handler returns', async () => {
  isDeep(await Events.dispatch('slow', { a: [1] }, SYNC), { a: [1] });
});
test('dispatch async and low', async () => {
  isDeep(await Events.dispatch('slow', { a: 1 }, ASYNC), null);
  isDeep((await deferd.endedTask('slow')).lane, 'main');
  isDeep(await Events.dispatch('slow', ASYNC_LOW_PRIORITY), null);
  await until('the low task', async () => (await deferd.endedTask('slow')).lane === 'low');
});
test('an event name with spaces and other signs', async () => {
  isDeep(await Events.dispatch('fünf & fünfzig'), { result: 55 });
});

// --- values ---

for (const [name, value] of values) {
  test('to Ruby and back: ' + name, async () => {
    const body = Array.isArray(value) ? value : { value };
    isDeep(await CustomServices.invoke('Values', 'echo', body), body);
    isDeep(await Events.dispatch('echo', { value }), { value });
  });
}
for (const [what, want] of [['int', 42], ['text', 'grüße 漢字 😀'], ['nil', null],
  ['true', true], ['false', false], ['list', [1, 'two', null, [3.5]]],
  ['hash', { a: { b: [1] } }], ['symbol', 'word'], ['symbol_keys', { a: { b: 1 } }],
  ['int_keys', { 1: 'one' }], ['empty', ''], ['time', '2023-11-14T22:13:20.123Z']]) {
  test('from Ruby: ' + what, async () => {
    isDeep(await CustomServices.invoke('Values', 'made', { what }), want);
  });
}
for (const [what, text] of [['float', '2.0'], ['tenth', '0.1'], ['huge', '1e+100'],
  ['max', '9223372036854775807'], ['min', '-9223372036854775808']]) {
  test(`numbers are exact on the wire: ${what}`, async () => {
    const r = await deferd.raw('POST', root + '/services/Values/made',
      JSON.stringify({ what }), { 'Content-Type': 'application/json' });
    isDeep([r.status, r.text.trim()], [200, text]);
  });
}
test('64-bit integers and floats keep their kind both ways', async () => {
  for (const text of ['[9223372036854775807,-9223372036854775808,2.0,-0.0,1e+100]']) {
    const r = await deferd.raw('POST', root + '/services/Values/echo', text,
      { 'Content-Type': 'application/json' });
    isDeep([r.status, r.text.trim()], [200, text]);
  }
});
for (const what of ['nan', 'infinity', 'bytes', 'deep', 'object', 'cycle']) {
  test('a result that cannot be encoded: ' + what, async () => {
    const e = await fails(CustomServices.invoke('Values', 'broken', { what }), 400, 15904, /./);
    isDeep(typeof e.message, 'string');
  });
}

// --- errors ---

for (const [how, message, code = 0, status = 400] of [
  ['text', 'boom'], ['class', 'odd one'], ['type', /\+/], ['argument', 'not that'],
  ['code', 'custom code', 1234], ['status', 'a teapot', 4321, 418],
  ['text code', 'none left', 0], ['reject', /just text/], ['reject hash', /a/],
  ['reject error', 'rejected'], ['later', 'later'], ['awaited', 'awaited'],
  ['utf8', 'ungültig: 漢字'], ['any', /./], ['empty', /./]]) {
  test('a handler fails: ' + how, async () => {
    await fails(CustomServices.invoke('Failing', 'fail', { how }), status, code, message);
    await fails(Events.dispatch('fail', { how }), status, code, message);
  });
}
test('a timeout: code 15000 and the text that clients know', async () => {
  const text = 'Custom business logic execution has been terminated because it did not ' +
    'complete in permitted time - 1 seconds';
  const began = Date.now();
  await fails(Events.dispatch('never'), 400, 15000, text);
  const took = Date.now() - began;
  assert(took >= 990 && took < 2000, `after ${took} ms`);
});
test("a deferred's own timeout is the handler's error", async () => {
  const e = await rejection(CustomServices.invoke('Failing', 'never', { a: 1 }));
  isDeep(e.status, 400);
  assert.match(e.message, /./);
});
test('an unknown service', () =>
  fails(CustomServices.invoke('Nowhere', 'x'), 400, 0, '[Nowhere] service does not exist'));
for (const name of ['nope', '_hidden', 'secret', 'no_argument', 'send', 'class', 'initialize']) {
  test('a method that may not be called: ' + name, () =>
    fails(CustomServices.invoke('Values', name), 400, 0,
      `[${name}] method does not exist in [Values] service or is not a function`));
}
test('an unknown event', () => fails(Events.dispatch('nope'), 400, 0,
  "Custom event handler with name 'nope' does not exists"));
test('unknown names are refused async too', () =>
  fails(Events.dispatch('nope', {}, ASYNC), 400, 0, /nope/));
test('a wrong key', async () => {
  const say = console.error; // initApp asks for /info, and tells everybody that it failed
  console.error = () => {};
  const other = Backendless.initApp({
    serverURL: deferd.url, appId: deferd.app, apiKey: 'wrong', standalone: true,
  });
  const e = await rejection(other.Events.dispatch('echo'));
  await until('the SDK to have asked', () => other.appInfoPromise().then(() => 1, () => 1));
  console.error = say;
  isDeep(e.status, 403);
  isDeep(typeof e.message, 'string');
});
test('the worker dies while it runs the call', async () => {
  const call = rejection(CustomServices.invoke('Failing', 'spin', { a: 1 }));
  deferd.killWorker(await deferd.workerOf('Failing/spin'));
  const killed = Date.now();
  const e = await call;
  isDeep([e.status, e.code, typeof e.message], [500, 15901, 'string']);
  assert(Date.now() - killed < 1000, 'at once');
});
test('an event, likewise', async () => {
  const call = rejection(Events.dispatch('spin'));
  deferd.killWorker(await deferd.workerOf('spin'));
  const e = await call;
  isDeep([e.status, e.code], [500, 15901]);
});

// --- routes ---

const at = (path) => client.appPath + '/services/Users' + path;
test('route GET with a path parameter and a query', async () => {
  isDeep(await client.request.get({ url: at('/users/7%2F8'), query: { q: 'a b' } }),
    { got: '7/8', q: 'a b' });
});
test('route PUT: path over body in params', async () => {
  isDeep(await client.request.put({ url: at('/users/7'), data: { id: 'x', name: 'n' } }),
    { id: '7', body: { id: 'x', name: 'n' }, name: 'n' });
});
test('route POST with a Cloud::Response', async () => {
  const r = await deferd.raw('POST', root + '/services/Users/users', '[1]',
    { 'Content-Type': 'application/json' });
  isDeep([r.status, r.headers['x-made'], JSON.parse(r.text)], [201, 'yes', { made: [1] }]);
});
test('route DELETE, version in the path', async () => {
  isDeep(await client.request.delete({ url: at('/1.0.0/users/12') }), 12);
});
test('no such route', async () => {
  const e = await rejection(client.request.get({ url: at('/nowhere/at/all') }));
  assert(e.status === 400 || e.status === 404, 'status ' + e.status);
  isDeep(typeof e.message, 'string');
});

// --- the rest of what the SDK sends by itself ---

test('info', async () => {
  isDeep((await client.appInfoPromise()).loggers, []);
});
test('log messages are taken', async () => {
  client.Logging.getLogger('t').info('hello');
  await client.Logging.flush();
});
test('200 calls at once on kept connections', async () => {
  const calls = Array.from({ length: 200 }, (_, i) => i % 2 ?
    CustomServices.invoke('Values', 'echo', { i }) : Events.dispatch('slow', { i }));
  isDeep(await Promise.all(calls), calls.map((_, i) => ({ i })));
});

run();
