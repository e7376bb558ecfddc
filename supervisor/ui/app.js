// app.js: signing in, the stream and its interruptions, and the line at the top.
import { byId, bytes, count, duration, el, rate, setAttr, setClass, setText } from './dom.js';
import { Refused, signedIn, signIn, signOut, stream, whenEnded } from './api.js';
import { drawLanes, startLanes } from './lanes.js';
import { drawWorkers, startWorkers } from './workers.js';
import { drawGraphs, figures, note, startGraphs } from './graphs.js';
import { drawTasks, startTasks } from './tasks.js';

const HIDDEN_MS = 300000; // nobody looks for so long: deferd need not draw
const AGAIN_MS = [500, 1000, 2000, 5000];

let hello = null;
let watching = null; // an AbortController

// --- the line at the top ---

const phases = {
	running: ['ok', 'running'], draining: ['warn', 'draining: takes no new tasks'],
	stopping: ['warn', 'stopping'], starting: ['warn', 'starting'],
};
const tiles = {};

function drawPhase(pool) {
	let [kind, text] = phases[pool.phase] ?? ['warn', pool.phase];
	if (pool.phase === 'running' && pool.not_ready) [kind, text] = ['bad', `degraded: ${pool.not_ready}`];
	setClass(byId('phase'), `phase ${kind}`);
	setText(byId('phase'), text);
	setText(byId('facts'), [`up ${duration(pool.uptime_ms)}`, `generation ${pool.generation}`, `version ${hello.version}`,
		bytes(pool.rss_bytes), hello.apps.length > 3 ? `${hello.apps.length} apps` : hello.apps.join(', ')].join(' \u00b7 '));
	document.title = `deferd: ${pool.phase}`;
}

function tile(name, value, more, kind = '') {
	if (!tiles[name]) {
		tiles[name] = { value: el('dd'), more: el('dd', { class: 'dim' }) };
		tiles[name].all = el('div', {}, el('dt', {}, name), tiles[name].value, tiles[name].more);
		byId('tiles').append(tiles[name].all);
	}
	setText(tiles[name].value, value);
	setText(tiles[name].more, more);
	setClass(tiles[name].all, kind);
}

function drawTiles(pool) {
	const f = figures();
	const [main, low] = pool.lanes;
	const running = main.leased + low.leased, waiting = main.queued + low.queued;
	tile('Throughput', f.rate === null ? '\u2013' : `${rate(f.rate)}/s`, `${count(pool.done)} done so far`);
	tile('Running', count(running), `of ${count(pool.capacity)} slots, most ${count(pool.leased_max)}`,
		running >= pool.capacity ? 'warn' : '');
	tile('Waiting', count(waiting), `most ${count(pool.queued_max)}, ${bytes(pool.payload_bytes)}`);
	tile('Wait p99', f.p99 === null ? '\u2013' : duration(f.p99), f.p50 === null ? 'nothing started lately' : `p50 ${duration(f.p50)}`);
	tile('Failed', count(f.failed), `in a minute, ${count(pool.failed)} so far`, f.failed ? 'bad' : '');
	tile('Deaths', count(pool.died), `${count(pool.rerun)} ${pool.rerun === 1 ? 'task' : 'tasks'} run again`, '');
}

function draw(pool) {
	note(pool);
	if (document.hidden) return;
	drawPhase(pool);
	drawTiles(pool);
	drawLanes(pool);
	drawWorkers(pool);
	drawGraphs();
	drawTasks(pool);
}

// --- the stream ---

function tellLost(text) {
	byId('lost').hidden = text === null;
	setText(byId('lost'), text ?? '');
	setAttr(byId('page'), 'data-live', String(text === null));
}

const on = {
	hello(data) {
		hello = data;
		startLanes(hello);
		startWorkers(hello);
		startGraphs(hello);
		startTasks(hello);
	},
	pool(data) {
		tellLost(null);
		draw(data);
	},
};

const pause = (ms, signal) => new Promise((done) => {
	const timer = setTimeout(done, ms);
	signal.addEventListener('abort', () => { clearTimeout(timer); done(); });
});

async function watch() {
	const mine = watching = new AbortController();
	let tries = 0;
	const heard = { ...on, pool(data) { tries = 0; on.pool(data); } };
	while (signedIn() && !mine.signal.aborted) {
		let why = 'the connection to deferd was lost';
		try {
			await stream(heard, mine.signal);
		} catch (e) {
			if (e instanceof Refused) why = e.message;
			else if (!(e instanceof TypeError || e.name === 'AbortError')) console.error(e);
		}
		if (!signedIn() || mine.signal.aborted) return;
		const ms = AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)];
		// a short gap is not worth a word
		if (tries > 1) tellLost(`No picture of now: ${why}. Trying again; what you see is old.`);
		await pause(ms, mine.signal);
	}
}

function unwatch() {
	watching?.abort();
	watching = null;
}

let sleep;
document.addEventListener('visibilitychange', () => {
	clearTimeout(sleep);
	if (document.hidden) sleep = setTimeout(unwatch, HIDDEN_MS);
	else if (signedIn() && !watching) watch();
});

// --- signing in ---

function enterPage() {
	byId('door').hidden = true;
	byId('page').hidden = false;
	watch();
}

function showDoor(why) {
	unwatch();
	byId('page').hidden = true;
	byId('door').hidden = false;
	byId('refused').textContent = why ?? '';
	byId('key').value = '';
	byId('key').focus();
}

byId('enter').addEventListener('submit', async (event) => {
	const button = byId('enter').querySelector('button');
	event.preventDefault();
	button.disabled = true;
	try {
		await signIn(byId('key').value);
		byId('key').value = '';
		enterPage();
	} catch (e) {
		byId('refused').textContent = e instanceof Refused ? `Not signed in: ${e.message}.` : 'Not signed in: deferd cannot be reached.';
		byId('key').select();
	}
	button.disabled = false;
});

byId('leave').addEventListener('click', async () => {
	await signOut();
	showDoor('You are signed out.');
});

whenEnded((why) => showDoor(`${why}.`));
if (signedIn()) enterPage();
else showDoor();
