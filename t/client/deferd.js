'use strict';
// deferd.js: what the client tests ask of the server beside the SDK: the control
// socket through deferctl, and raw HTTP.
const { execFileSync } = require('node:child_process');
const http = require('node:http');
const { until } = require('./tap');

const url = process.env.T_URL;
const keys = { rest: 'rest-key', javascript: 'javascript-key', master: 'master-key' };
const app = 'demo';

function ctl(...words) {
  const args = ['-s', process.env.T_SOCKET, '-j', ...words];
  return JSON.parse(execFileSync(process.env.T_DEFERCTL, args, { encoding: 'utf8' }));
}

// The pid of the worker that runs a handler of that name now.
function workerOf(name) {
  return until('a worker that runs ' + name, () => {
    const w = ctl('show', 'workers').workers.find((x) => x.task_name === name);
    return w && w.pid;
  });
}

function killWorker(pid) {
  process.kill(pid, 'SIGKILL');
}

// A raw request: { status, headers, text }.
function raw(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const req = http.request(url + path, { method, headers }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => resolve({
        status: res.statusCode, headers: res.headers,
        text: Buffer.concat(parts).toString('utf8'),
      }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

// The newest tasks of a handler, as the native dialect lists them.
async function tasks(name) {
  const r = await raw('GET', `/v1/apps/${app}/tasks?name=${encodeURIComponent(name)}`, null,
    { Authorization: 'Bearer ' + keys.master });
  if (r.status !== 200) throw new Error(r.text);
  return JSON.parse(r.text).tasks;
}

// The newest task of a handler once it has ended.
function endedTask(name) {
  return until('the end of ' + name, async () => {
    const [t] = await tasks(name);
    return t && t.finished_at && t;
  });
}

module.exports = { url, keys, app, ctl, workerOf, killWorker, raw, tasks, endedTask };
