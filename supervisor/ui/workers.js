// workers.js: a cell for each worker, and the details of the one that is selected.
import { byId, bytes, count, duration, el, setAttr, setClass, setText } from './dom.js';

const HOGS_MS = 1000; // Ruby without an await for so long keeps its neighbours waiting
const SMALL = 120;    // with more cells than that they are small

const kinds = {
	idle: ['idle', ''],
	main: ['runs main', ''],
	low: ['runs low', ''],
	hogging: ['hogging: no await for over a second', '!'],
	starting: ['starting', '\u2026'],
	closing: ['closing: finishes and goes', '\u21bb'],
	killed: ['killed', '\u00d7'],
	empty: ['empty seat', ''],
};

let cells = [];
let chosen = 0; // a seat
let last = [];

function kindOf(s) {
	if (s.state === 'empty' || s.worker == null) return 'empty';
	if (s.state === 'killed' || s.state === 'starting') return s.state;
	if (s.burst_ms > HOGS_MS) return 'hogging';
	if (s.state === 'closing' || s.state === 'leaving') return 'closing';
	return s.lane ?? 'idle';
}

const runs = (s) => s.name ? `${s.kind} ${s.name}` : s.lane ? 'a task of another app' : '';

function describe(s, kind) {
	const words = [`Seat ${s.seat}`, kinds[kind][0]];
	if (s.lane) words.push(runs(s), `for ${duration(s.task_ms)}`);
	if (s.slots > 1 && s.leases) words.push(`${s.leases} of ${s.slots} slots`);
	return words.join(', ');
}

function choose(seat) {
	chosen = chosen === seat ? 0 : seat;
	drawWorkers({ seats: last });
}

// Arrow keys walk over the cells; only one of them is a stop of the tab key.
function walk(event) {
	const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 0, ArrowUp: 0, Home: -1e9, End: 1e9 }[event.key];
	const from = cells.indexOf(document.activeElement);
	if (step === undefined || from < 0) return;
	event.preventDefault();
	let to = from + step;
	if (step === 0) {
		const top = cells[0].offsetTop;
		const columns = cells.findIndex((c) => c.offsetTop !== top);
		to = from + (event.key === 'ArrowDown' ? 1 : -1) * (columns < 0 ? 0 : columns);
	}
	to = Math.max(0, Math.min(cells.length - 1, to));
	if (Math.abs(step) <= 1 && to === from) return;
	cells[from].tabIndex = -1;
	cells[to].tabIndex = 0;
	cells[to].focus();
}

function makeCells(n) {
	const all = byId('cells');
	while (cells.length > n) cells.pop().remove();
	while (cells.length < n) {
		const cell = el('button', { type: 'button', tabindex: cells.length ? -1 : 0 },
			el('span', { class: 'slots' }), el('span', { class: 'glyph' }), el('span', { class: 'seat' }));
		cell.addEventListener('click', () => choose(Number(cell.dataset.seat)));
		cells.push(cell);
		all.append(cell);
	}
	setClass(all, n > SMALL ? 'cells small' : 'cells');
}

function drawCell(cell, s) {
	const kind = kindOf(s);
	const text = describe(s, kind);
	cell.dataset.seat = s.seat;
	setClass(cell, `cell ${kind}${s.leases > 0.7 * s.slots ? ' full' : ''}`);
	setAttr(cell, 'aria-label', text);
	setAttr(cell, 'title', text);
	setAttr(cell, 'aria-pressed', String(s.seat === chosen));
	cell.children[0].style.height = kind === 'empty' || !s.slots ? '0' : `${100 * s.leases / s.slots}%`;
	setText(cell.children[1], kinds[kind][1]);
	setText(cell.children[2], String(s.seat));
	return kind;
}

function drawDetails(s) {
	const box = byId('worker');
	if (!s) {
		if (box.dataset.shown !== 'none') {
			box.dataset.shown = 'none';
			box.replaceChildren(el('p', { class: 'dim' }, 'Select a worker for its details.'));
		}
		return;
	}
	const facts = [
		['Seat', String(s.seat)], ['State', s.worker == null ? 'empty' : s.state], ['Worker', s.worker], ['Pid', s.pid],
		['App', s.app ?? (s.worker == null ? null : 'another app')],
		['Runs', s.lane ? `${runs(s)} for ${duration(s.task_ms)}` : s.worker == null ? null : 'nothing'],
		['Slots', s.slots && `${s.leases} of ${s.slots}`], ['Tasks done', s.done != null && count(s.done)],
		['Lives', s.age_ms != null && duration(s.age_ms)],
		['Burst', s.worker == null ? null : s.burst_ms >= 0 ? duration(s.burst_ms) : 'none'],
		['Beat', s.beat_ms != null && `${duration(s.beat_ms)} ago`],
		['Ruby heap', s.heap_bytes > 0 && bytes(s.heap_bytes)], ['Resident', s.rss_bytes > 0 && bytes(s.rss_bytes)],
	].filter(([, value]) => value);
	const shown = facts.map((f) => f[0]).join();
	if (box.dataset.shown !== shown) {
		box.dataset.shown = shown;
		box.replaceChildren(el('dl', {}, ...facts.map(([name, value]) =>
			el('div', {}, el('dt', {}, name), el('dd', {}, String(value))))));
	}
	[...box.querySelectorAll('dd')].forEach((dd, i) => setText(dd, String(facts[i][1])));
}

export function startWorkers() {
	byId('cells').onkeydown = walk;
	byId('legend').replaceChildren(...Object.entries(kinds).map(([kind, [text, glyph]]) =>
		el('li', {}, el('i', { class: `cell ${kind}`, 'aria-hidden': 'true' },
			el('span', { class: 'slots' }), glyph), text.split(':')[0])));
}

export function drawWorkers(pool) {
	const n = {};
	last = pool.seats;
	makeCells(last.length);
	last.forEach((s, i) => {
		const kind = drawCell(cells[i], s);
		n[kind] = (n[kind] ?? 0) + 1;
	});
	const busy = (n.main ?? 0) + (n.low ?? 0) + (n.hogging ?? 0);
	const words = [`${count(last.length)} seats`, `${count(busy)} busy`, `${count(n.idle ?? 0)} idle`];
	for (const kind of ['hogging', 'starting', 'closing', 'killed', 'empty']) {
		if (n[kind]) words.push(`${count(n[kind])} ${kind}`);
	}
	setText(byId('workers-note'), words.join(' \u00b7 '));
	drawDetails(last.find((s) => s.seat === chosen));
}
