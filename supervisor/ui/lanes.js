// lanes.js: the two lanes and the pool they share: what waits, what is leased, and the
// part of the pool that low-priority tasks may use.
import { byId, count, duration, el, say, setAttr, setClass, setText } from './dom.js';
import { post } from './api.js';

const WAIT_MARKS = 24; // of a queue that is drawn in full
const about = {
	main: 'sync and async; goes first',
	low: 'async-low-priority; only when main has nothing to lease',
};

let rows = null;
let mayPause = false;

function bar(label) {
	const parts = {
		main: el('span', { class: 'fill main' }),
		low: el('span', { class: 'fill low' }),
		kept: el('span', { class: 'kept', title: 'kept for the lane main' }),
		mark: el('span', { class: 'mark' }),
	};
	parts.all = el('div', { class: 'bar', role: 'img', 'aria-label': label },
		parts.main, parts.low, parts.kept, parts.mark);
	return parts;
}

async function toggle(lane, button) {
	button.disabled = true;
	const verb = button.dataset.verb;
	try {
		const reply = await post(`lanes/${lane}/${verb}`);
		say(`Lane ${lane}: ${reply.text}.`);
	} catch (e) {
		say(`Lane ${lane}: ${e.message}`, true);
	}
	button.disabled = false;
}

function makeRow(name) {
	const row = {
		waiting: el('b'), note: el('span', { class: 'dim' }),
		queue: el('span', { class: `queue ${name}` }), leased: el('span'), bar: bar(name),
		state: el('span', { class: 'chip warn', hidden: true }, 'paused'),
		button: el('button', { type: 'button', class: 'small' }),
	};
	row.button.addEventListener('click', () => toggle(name, row.button));
	row.all = el('div', { class: 'lane', 'data-lane': name },
		el('div', { class: 'who' }, el('h3', {}, el('i', { class: `dot ${name}` }), name), row.state,
			el('p', { class: 'dim' }, about[name])),
		el('div', { class: 'waits' }, el('p', {}, row.waiting, ' waiting ', row.note),
			el('div', { class: 'pipe', 'aria-hidden': 'true' }, row.queue)),
		el('div', { class: 'leases' }, el('p', {}, row.leased), row.bar.all),
		el('div', { class: 'act' }, row.button));
	return row;
}

function makePool() {
	const row = { text: el('span'), bar: bar('pool') };
	row.all = el('div', { class: 'lane pool' },
		el('div', { class: 'who' }, el('h3', {}, 'pool'), row.legend = el('p', { class: 'dim' })),
		el('div', { class: 'leases' }, el('p', {}, row.text), row.bar.all),
		el('div', { class: 'act' }));
	return row;
}

export function startLanes(hello) {
	mayPause = hello.all;
	setText(byId('lanes-note'), mayPause ? ''
		: 'pausing needs a key that is the master key of every app');
	rows = { main: makeRow('main'), low: makeRow('low'), pool: makePool() };
	byId('lanes').replaceChildren(rows.main.all, rows.low.all, rows.pool.all);
}

const percent = (part, whole) => `${whole > 0 ? Math.min(100, 100 * part / whole) : 0}%`;

function drawBar(b, main, low, limit, capacity) {
	const part = limit < capacity;
	b.main.style.width = percent(main, capacity);
	b.low.style.width = percent(low, capacity);
	b.kept.style.left = b.mark.style.left = percent(limit, capacity);
	b.kept.hidden = b.mark.hidden = !part;
}

function drawLane(row, lane, capacity) {
	const limited = lane.limit < capacity;
	setText(row.waiting, count(lane.queued));
	setText(row.note, lane.queued ? `\u00b7 oldest ${duration(lane.oldest_ms)}` : '');
	// Long queues are drawn ever denser, so that 100 and 10,000 still differ.
	const marks = lane.queued <= WAIT_MARKS ? lane.queued
		: WAIT_MARKS + 6 * Math.log2(lane.queued / WAIT_MARKS);
	row.queue.style.width = `${marks * 7}px`;
	setText(row.leased, lane.limit === 0 ? 'disabled: lowPriorityThreshold is 0'
		: `${count(lane.leased)} of ${count(lane.limit)} slots leased`);
	drawBar(row.bar, lane.lane === 'main' ? lane.leased : 0, lane.lane === 'low' ? lane.leased : 0,
		limited ? lane.limit : capacity, capacity);
	setAttr(row.bar.all, 'aria-label', `lane ${lane.lane}: ${lane.leased} of ${lane.limit} slots leased`);
	setClass(row.all, lane.paused ? 'lane paused' : 'lane');
	row.state.hidden = !lane.paused;
	row.button.hidden = !mayPause;
	row.button.dataset.verb = lane.paused ? 'resume' : 'pause';
	setText(row.button, lane.paused ? 'Resume' : 'Pause');
	setAttr(row.button, 'aria-label', `${lane.paused ? 'Resume' : 'Pause'} lane ${lane.lane}`);
}

export function drawLanes(pool) {
	const [main, low] = pool.lanes;
	drawLane(rows.main, main, pool.capacity);
	drawLane(rows.low, low, pool.capacity);
	drawBar(rows.pool.bar, main.leased, low.leased, low.limit, pool.capacity);
	setText(rows.pool.text, `${count(main.leased + low.leased)} of ${count(pool.capacity)} slots leased`);
	setText(rows.pool.legend, low.limit < pool.capacity
		? `low may use ${count(low.limit)} of ${count(pool.capacity)} slots (lowPriorityThreshold)`
		: 'low may use every slot');
	setAttr(rows.pool.bar.all, 'aria-label',
		`pool: ${main.leased} slots leased by main, ${low.leased} by low, of ${pool.capacity}; low at most ${low.limit}`);
}
