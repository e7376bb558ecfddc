// graphs.js: the last five minutes, kept here: deferd remembers nothing for the page.
import { byId, clock, duration, el, rate, setAttr, setText } from './dom.js';

const SECONDS = 300;
const WINDOW = 5; // seconds over which waits are summed up
const HEIGHT = 130;
const LEFT = 46, BOTTOM = 16, TOP = 8;
const SVG = 'http://www.w3.org/2000/svg';

let bounds = [];
let bins = [];    // a second each: { at, done, failed, cancelled, main: [...], low: [...] }
let before = null;
let graphs = [];

function shape(tag, attributes) {
	const e = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
	return e;
}

// --- numbers ---

const minus = (a, b) => a.map((n, i) => n - b[i]);

// The wait that a part of all tasks did not exceed, by the histogram's counts; null without any.
function quantile(counts, part) {
	const all = counts.reduce((a, b) => a + b, 0);
	if (all === 0) return null;
	let left = all * part;
	for (let i = 0; i < counts.length; i++) {
		if (counts[i] >= left && counts[i] > 0) {
			const low = i === 0 ? 0 : bounds[i - 1];
			const high = bounds[i] ?? low * 2;
			return low + (high - low) * left / counts[i];
		}
		left -= counts[i];
	}
	return bounds.at(-1);
}

// Another picture of the pool; what happened since the one before goes into its second.
export function note(pool) {
	const [main, low] = pool.lanes;
	const now = { at: pool.now, done: pool.done, failed: pool.failed, cancelled: pool.cancelled,
		main: main.waits, low: low.waits };
	if (before && now.at > before.at && now.done >= before.done) {
		const second = Math.floor(now.at / 1000);
		let bin = bins.at(-1);
		if (!bin || bin.second !== second) {
			const from = bin && second - bin.second <= 3 ? bin.second + 1 : second;
			for (let s = from; s <= second; s++) {
				bins.push(bin = { second: s, ms: 0, done: 0, failed: 0, cancelled: 0,
					main: main.waits.map(() => 0), low: low.waits.map(() => 0) });
			}
			while (bins.length && bins[0].second <= second - SECONDS) bins.shift();
		}
		bin.ms += now.at - before.at;
		for (const what of ['done', 'failed', 'cancelled']) bin[what] += now[what] - before[what];
		for (const lane of ['main', 'low']) bin[lane] = minus(now[lane], before[lane]).map((n, i) => n + bin[lane][i]);
	}
	before = now;
}

// The last whole seconds, not the one that has just begun.
function recent(seconds) {
	const whole = bins.slice(0, -1);
	return whole.filter((b) => b.second > (whole.at(-1)?.second ?? 0) - seconds);
}

function sum(list, what) {
	return list.reduce((n, b) => n + b[what], 0);
}

export function figures() {
	const few = recent(WINDOW), minute = recent(60);
	const ms = sum(few, 'ms');
	const waits = few.reduce((all, b) => all.map((n, i) => n + b.main[i] + b.low[i]), bounds.concat(0).map(() => 0));
	return {
		rate: ms ? (sum(few, 'done') + sum(few, 'failed') + sum(few, 'cancelled')) * 1000 / ms : null,
		p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), failed: sum(minute, 'failed'),
	};
}

function waitOf(i, lane, part) {
	const counts = bounds.concat(0).map(() => 0);
	for (let k = Math.max(0, i - WINDOW + 1); k <= i; k++) {
		if (bins[k].second > bins[i].second - WINDOW) bins[k][lane].forEach((n, j) => { counts[j] += n; });
	}
	return quantile(counts, part);
}

// --- pictures ---

const perSecond = (b, n) => b.ms ? n * 1000 / Math.max(b.ms, 500) : null;

// Without failures there is no line at the bottom to look like some.
const failedAt = (i) => bins.slice(Math.max(0, i - 1), i + 2).some((b) => b.failed > 0);

const kinds = {
	throughput: {
		unit: (v) => `${rate(v)}/s`, floor: 1,
		lines: [
			{ name: 'ended', class: 'ended', area: true, at: (b) => perSecond(b, b.done + b.failed + b.cancelled) },
			{ name: 'failed', class: 'bad', area: true, none: 0, at: (b, i) => failedAt(i) ? perSecond(b, b.failed) : null },
		],
	},
	wait: {
		unit: duration, log: true, floor: 100,
		lines: [
			{ name: 'main p50', class: 'main thin', at: (b, i) => waitOf(i, 'main', 0.5) },
			{ name: 'main p99', class: 'main', at: (b, i) => waitOf(i, 'main', 0.99) },
			{ name: 'low p50', class: 'low thin', at: (b, i) => waitOf(i, 'low', 0.5) },
			{ name: 'low p99', class: 'low', at: (b, i) => waitOf(i, 'low', 0.99) },
		],
	},
};

function makeGraph(id) {
	const g = { ...kinds[id], id, svg: shape('svg', { height: HEIGHT, role: 'img' }), grid: shape('g', { class: 'grid' }), at: null };
	g.paths = g.lines.map((l) => shape('path', { class: `line ${l.class}` }));
	g.areas = g.lines.map((l) => l.area ? shape('path', { class: `area ${l.class}` }) : null);
	g.cross = shape('path', { class: 'cross' });
	g.svg.append(g.grid, ...g.areas.filter(Boolean), ...g.paths, g.cross);
	g.values = g.lines.map(() => el('b'));
	g.when = el('span', { class: 'dim' });
	byId(id).replaceChildren(g.svg, el('p', { class: 'key num' },
		...g.lines.map((l, i) => el('span', {}, el('i', { class: `dot ${l.class}` }), `${l.name} `, g.values[i])), g.when));
	g.svg.addEventListener('pointermove', (e) => { g.at = e.offsetX; drawGraph(g); });
	g.svg.addEventListener('pointerleave', () => { g.at = null; drawGraph(g); });
	return g;
}

function steps(g, top) {
	if (g.log) return [1, 10, 100, 1000, 10000, 100000, 1000000].filter((v) => v <= top);
	const unit = 10 ** Math.floor(Math.log10(top));
	const step = top / unit > 5 ? 2 * unit : top / unit > 2 ? unit : unit / 2;
	const all = [];
	for (let v = 0; v <= top * 1.001; v += step) all.push(v);
	return all;
}

function drawGrid(g, top, x, y, width) {
	const parts = [];
	for (const v of steps(g, top)) {
		parts.push(shape('path', { d: `M${LEFT} ${y(v)}H${width}` }));
		parts.push(shape('text', { x: LEFT - 6, y: y(v) + 4, 'text-anchor': 'end' }));
		parts.at(-1).textContent = g.log ? duration(v) : rate(v);
	}
	for (let minute = 5; minute >= 1; minute -= width < 450 ? 2 : 1) {
		parts.push(shape('text', { x: x(SECONDS - 60 * minute), y: HEIGHT - 2, 'text-anchor': minute === 5 ? 'start' : 'middle' }));
		parts.at(-1).textContent = `\u2212${minute} min`;
	}
	parts.push(shape('text', { x: width, y: HEIGHT - 2, 'text-anchor': 'end' }));
	parts.at(-1).textContent = 'now';
	g.grid.replaceChildren(...parts);
}

// Lines break where nothing was measured.
function trace(points, area, base) {
	let d = '', start = null, end = null;
	for (const p of [...points, null]) {
		if (p && start) d += `L${p[0]} ${p[1]}`;
		else if (p) d += `M${(start = p)[0]} ${p[1]}h.5`;
		else if (start) { d += area ? `V${base}H${start[0]}Z` : ''; start = null; }
		end = p;
	}
	return d;
}

function drawGraph(g) {
	const width = Math.max(200, byId(g.id).clientWidth);
	const whole = bins.slice(0, -1);
	const newest = whole.at(-1)?.second ?? 0;
	const series = g.lines.map((l) => whole.map((b, i) => l.at(b, i)));
	const most = Math.max(g.floor, ...series.flat().filter((v) => v !== null));
	const top = g.log ? 10 ** Math.ceil(Math.log10(most)) : most * 1.1;
	const base = HEIGHT - BOTTOM, x = (s) => Math.round((LEFT + (width - LEFT) * s / (SECONDS - 1)) * 10) / 10;
	const part = (v) => g.log ? Math.max(0, Math.log10(Math.max(v, 0.1) / 0.1) / Math.log10(top / 0.1)) : v / top;
	const y = (v) => Math.round((base - (base - TOP) * part(v)) * 10) / 10;
	setAttr(g.svg, 'width', String(width));
	setAttr(g.svg, 'viewBox', `0 0 ${width} ${HEIGHT}`);
	drawGrid(g, top, x, y, width);
	series.forEach((values, k) => {
		const points = values.map((v, i) => v === null ? null : [x(SECONDS - 1 - (newest - whole[i].second)), y(v)]);
		g.paths[k].setAttribute('d', trace(points, false, base));
		g.areas[k]?.setAttribute('d', trace(points, true, base));
	});
	const second = g.at === null ? newest : newest - Math.round((width - g.at) / (width - LEFT) * (SECONDS - 1));
	const i = whole.findIndex((b) => b.second === second);
	g.cross.setAttribute('d', g.at !== null && i >= 0 ? `M${x(SECONDS - 1 - (newest - second))} ${TOP}V${base}` : '');
	g.values.forEach((v, k) => {
		const value = series[k][i] ?? g.lines[k].none;
		setText(v, value === undefined ? '\u2013' : g.unit(value));
	});
	setText(g.when, g.at !== null && i >= 0 ? `at ${clock(second * 1000)}` : '');
	setAttr(g.svg, 'aria-label', g.lines.map((l, k) => `${l.name} ${g.values[k].textContent}`).join(', '));
}

export function startGraphs(hello) {
	bounds = hello.bounds_ms;
	before = null;
	if (!graphs.length) graphs = Object.keys(kinds).map(makeGraph);
}

export function drawGraphs() {
	graphs.forEach(drawGraph);
}
