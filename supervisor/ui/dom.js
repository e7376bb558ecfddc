// dom.js: elements and numbers. Text goes in as text, never as markup: names and errors
// are whatever a handler made of them.

export const byId = (id) => document.getElementById(id);

// el('p', { class: 'dim' }, 'text', other) -> an element
export function el(tag, attributes = {}, ...children) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
		else if (value === true) e.setAttribute(name, '');
		else if (value !== false && value != null) e.setAttribute(name, value);
	}
	e.append(...children.filter((c) => c != null));
	return e;
}

// What is as it was is not touched: nothing is laid out or read aloud again.
export function setText(e, text) {
	if (e.textContent !== text) e.textContent = text;
}

export function setClass(e, name) {
	if (e.className !== name) e.className = name;
}

export function setAttr(e, name, value) {
	if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

export const count = (n) => Math.round(n).toLocaleString('en');

export function rate(n) {
	return n >= 100 ? count(n) : n >= 10 ? n.toFixed(1) : n === 0 ? '0' : n.toFixed(2);
}

const two = (n) => String(Math.floor(n)).padStart(2, '0');

export function duration(ms) {
	if (ms == null || ms < 0) return '\u2013';
	if (ms < 1) return ms === 0 ? '0 ms' : `${ms.toFixed(2)} ms`;
	if (ms < 1000) return `${Math.round(ms)} ms`;
	const s = ms / 1000;
	if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.floor(s)} s`;
	if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
	if (s < 86400) return `${Math.floor(s / 3600)}h${two(s % 3600 / 60)}m`;
	return `${Math.floor(s / 86400)}d${two(s % 86400 / 3600)}h`;
}

export function bytes(n) {
	if (n == null || n < 0) return '\u2013';
	for (const unit of ['B', 'K', 'M', 'G']) {
		if (n < 1024 || unit === 'G') return `${n < 10 && unit !== 'B' ? n.toFixed(1) : Math.round(n)} ${unit}`;
		n /= 1024;
	}
	return '';
}

export function clock(at) {
	const d = new Date(at);
	return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

let hide;

// A short word about what a button did.
export function say(text, bad) {
	const said = byId('said');
	said.textContent = text;
	said.className = bad ? 'said shown bad' : 'said shown';
	clearTimeout(hide);
	hide = setTimeout(() => { said.className = 'said'; }, 6000);
}
