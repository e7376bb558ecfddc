// tasks.js: the table of tasks, what can be done to one, and how workers died.
import { byId, clock, count, duration, el, say, setAttr, setClass, setText } from './dom.js';
import { get, post } from './api.js';

const EVERY_MS = 1000;
const tabs = [
	['newest', 'Newest', 'No tasks yet. They appear here as they are accepted.'],
	['running', 'Running', 'Nothing runs.'],
	['waiting', 'Waiting', 'Nothing waits.'],
	['failed', 'Failed', 'None has failed lately.'],
];
const words = { leased: 'running', queued: 'waiting' };

let show = 'newest';
let several = false; // apps
let rows = new Map(); // by id
let body = null;
let held = false;
let asked = { at: 0, tasks: -1, deaths: -1, show: '', busy: false };
let now = 0;

// --- what the buttons do ---

async function act(id, verb) {
	try {
		const reply = await post(`tasks/${id}/${verb}`);
		say(`Task \u2026${id.slice(-6)}: ${reply.text}.`);
	} catch (e) {
		say(`Task \u2026${id.slice(-6)}: ${e.message}`, true);
	}
	asked.tasks = -1;
}

function confirmKill(task) {
	const dialog = byId('ask');
	byId('ask-h').textContent = `Kill ${task.name}?`;
	byId('ask-text').textContent = 'Its worker process is killed at once, in the middle of whatever it does. '
		+ 'The task ends as cancelled; other tasks of that worker run again.';
	dialog.returnValue = 'no';
	dialog.onclose = () => dialog.returnValue === 'yes' && act(task.id, 'kill');
	dialog.showModal();
}

// Another verb is another row, with the states in which it can be used.
const verbs = [
	{ name: 'Cancel', states: ['queued', 'delayed', 'leased'], run: (t) => act(t.id, 'cancel') },
	{ name: 'Kill', states: ['leased'], run: confirmKill, danger: true },
	{ name: 'Retry', states: ['dead'], run: (t) => act(t.id, 'retry') },
	{ name: 'Run now', states: ['delayed'], run: (t) => act(t.id, 'promote') },
];

// --- one task in full ---

function value(name, v) {
	if (v === undefined) return null;
	return el('div', { class: 'value' }, el('h4', {}, name),
		el('pre', {}, typeof v === 'string' ? v : v === null ? 'null, or too large for this page' : JSON.stringify(v, null, 2)));
}

function detail(t) {
	const e = t.error;
	const facts = [['Id', t.id], ['App', t.app], ['Execution', t.execution], ['Handler at', t.place],
		['Attempt', `${t.attempt} of ${t.attempts}`], ['Deaths charged', t.deaths || null], ['Runs uncharged', t.reruns || null],
		['Accepted', new Date(t.accepted_at).toLocaleString()]].filter(([, v]) => v != null);
	return el('div', { class: 'detail' },
		el('dl', {}, ...facts.map(([n, v]) => el('div', {}, el('dt', {}, n), el('dd', {}, String(v))))),
		e && el('div', { class: 'value' }, el('h4', {}, `Error ${e.code}`),
			el('pre', { class: 'bad' }, [e.class ? `${e.class}: ${e.message}` : e.message, ...(e.backtrace ?? [])].join('\n'))),
		value('Params', t.params), value('Result', t.result));
}

async function toggle(row) {
	const open = row.more.hidden;
	row.more.hidden = !open;
	setAttr(row.open, 'aria-expanded', String(open));
	if (!open) return;
	try {
		row.box.replaceChildren(detail(await get(`tasks/${row.task.id}`)));
	} catch (e) {
		row.box.replaceChildren(el('p', { class: 'bad' }, e.message));
	}
}

// --- rows ---

function makeRow(id) {
	const cell = (label, ...children) => el('td', { 'data-label': label }, ...children);
	const row = { id, state: el('span', { class: 'chip' }), name: el('b'), kind: el('span', { class: 'dim' }),
		error: el('p', { class: 'bad' }), progress: el('progress', { max: 1 }), lane: el('span'),
		accepted: el('span'), waited: el('span'), ran: el('span') };
	row.open = el('button', { type: 'button', class: 'open', 'aria-expanded': 'false', title: 'details' },
		el('span', { class: 'arrow', 'aria-hidden': 'true' }), row.name, ' ', row.kind);
	row.open.addEventListener('click', () => toggle(row));
	row.buttons = verbs.map((v) => el('button', { type: 'button', class: v.danger ? 'small danger' : 'small',
		onclick: () => v.run(row.task) }, v.name));
	row.main = el('tr', {}, cell('State', row.state), cell('Handler', row.open, row.progress, row.error),
		cell('Lane', row.lane), cell('Accepted', row.accepted), cell('Waited', row.waited), cell('Ran', row.ran),
		cell('Task', el('code', { title: id }, id.slice(-12))), el('td', { class: 'act' }, ...row.buttons));
	row.box = el('td', { colspan: 8 });
	row.more = el('tr', { class: 'more', hidden: true }, row.box);
	return row;
}

function drawTimes(row) {
	const t = row.task;
	const end = t.ended_at ?? now;
	setText(row.waited, duration(Math.max(0, (t.started_at ?? end) - t.accepted_at)));
	setText(row.ran, t.started_at ? duration(Math.max(0, end - t.started_at)) : '\u2013');
}

function drawRow(row, t) {
	const was = row.task?.state;
	row.task = t;
	setText(row.state, t.cancelling && t.state === 'leased' ? 'cancelling'
		: t.due_at ? `due ${clock(t.due_at)}` : words[t.state] ?? t.state);
	setClass(row.state, `chip ${t.state}`);
	setText(row.name, t.name);
	setText(row.kind, `${t.kind}${several ? ` of ${t.app}` : ''}${t.attempt > 1 ? `, attempt ${t.attempt}` : ''}`);
	setText(row.lane, t.lane);
	setText(row.accepted, clock(t.accepted_at));
	setText(row.error, t.fault ? t.class ? `${t.class}: ${t.message}` : t.message : t.state === 'leased' ? t.progress ?? '' : '');
	setClass(row.error, t.fault ? 'bad' : 'dim');
	row.error.hidden = row.error.textContent === '';
	row.progress.hidden = t.fraction == null || t.state !== 'leased';
	if (t.fraction != null) row.progress.value = t.fraction;
	row.buttons.forEach((b, i) => {
		b.hidden = !verbs[i].states.includes(t.state);
		setAttr(b, 'aria-label', `${verbs[i].name} ${t.name}`);
	});
	drawTimes(row);
	// its error, its result: they were not there when it was opened
	if (was && was !== t.state && !row.more.hidden) {
		row.more.hidden = true;
		toggle(row);
	}
}

function drawList(list) {
	const ids = new Set(list.map((t) => t.id));
	let at = body.firstChild;
	for (const t of list) {
		let row = rows.get(t.id);
		if (!row && held) continue;
		if (!row) rows.set(t.id, row = makeRow(t.id));
		drawRow(row, t);
		if (held) continue;
		if (row.main !== at) body.insertBefore(row.main, at);
		else at = row.more;
		if (row.more !== at) body.insertBefore(row.more, at);
		else at = row.more.nextSibling;
	}
	for (const [id, row] of rows) {
		if (ids.has(id) || held) continue;
		row.main.remove();
		row.more.remove();
		rows.delete(id);
	}
	byId('no-tasks').hidden = rows.size > 0;
	byId('tasks').hidden = rows.size === 0;
	setText(byId('no-tasks'), tabs.find(([name]) => name === show)[2]);
}

// --- deaths ---

function death(d) {
	const facts = [['Worker', `${d.worker} (seat ${d.seat}, pid ${d.pid})`], ['App', d.app], ['Ran', d.handler], ['Task', d.task],
		['Lived', duration(d.lived_ms)], ['Tasks done', count(d.tasks_done)], ['Killed by', d.killed_by]].filter(([, v]) => v);
	return el('details', {}, el('summary', {}, el('time', {}, clock(d.at)), ' ', el('b', {}, d.handler ?? `worker ${d.worker}`), ' ',
		el('span', { class: 'dim' }, d.text)),
	el('dl', {}, ...facts.map(([n, v]) => el('div', {}, el('dt', {}, n), el('dd', {}, v)))),
	d.log.length ? el('pre', {}, d.log.join('\n')) : el('p', { class: 'dim' }, 'It had logged nothing.'));
}

let lastDeaths = '';

function drawDeaths(list) {
	const text = JSON.stringify(list);
	if (text === lastDeaths) return;
	lastDeaths = text;
	const open = new Set([...byId('deaths').querySelectorAll('details[open]')].map((d) => d.dataset.worker));
	byId('deaths').replaceChildren(...list.map((d) => {
		const e = death(d);
		e.dataset.worker = d.worker;
		e.open = open.has(String(d.worker));
		return e;
	}));
	if (!list.length) byId('deaths').append(el('p', { class: 'empty' }, 'No worker has died.'));
}

// --- when to ask ---

async function refresh(pool) {
	const running = pool.lanes.some((l) => l.leased > 0);
	const tasks = asked.show !== show || asked.tasks !== pool.tasks_at || running;
	const deaths = asked.deaths !== pool.deaths_at;
	if (asked.busy || !(tasks || deaths) || (asked.show === show && pool.now - asked.at < EVERY_MS)) return;
	asked = { at: pool.now, tasks: pool.tasks_at, deaths: pool.deaths_at, show, busy: true };
	const wanted = show;
	try {
		if (tasks) {
			const list = await get(`tasks?show=${wanted}`);
			if (wanted === show) drawList(list);
		}
		if (deaths) drawDeaths(await get('deaths'));
	} catch {
		asked.tasks = asked.deaths = -1; // the stream tells what is wrong
	}
	asked.busy = false;
}

function pick(name) {
	show = name;
	held = false;
	for (const row of rows.values()) {
		row.main.remove();
		row.more.remove();
	}
	rows.clear();
	[...byId('tabs').children].forEach((b) => setAttr(b, 'aria-pressed', String(b.dataset.show === name)));
}

export function startTasks(hello) {
	several = hello.apps.length > 1;
	asked = { at: 0, tasks: -1, deaths: -1, show: '', busy: false };
	lastDeaths = '';
	if (body) return;
	body = el('tbody');
	byId('tasks').append(body);
	const hold = (on) => () => { held = on; byId('held').hidden = !on; };
	if (matchMedia('(hover: hover)').matches) {
		body.addEventListener('pointerenter', hold(true));
		body.addEventListener('pointerleave', hold(false));
	}
	byId('tabs').replaceChildren(...tabs.map(([name, text]) =>
		el('button', { type: 'button', 'data-show': name, onclick: () => pick(name) }, text)));
	pick(show);
	drawList([]);
}

export function drawTasks(pool) {
	now = pool.now;
	for (const row of rows.values()) {
		if (row.task.ended_at == null) drawTimes(row);
	}
	refresh(pool);
}
