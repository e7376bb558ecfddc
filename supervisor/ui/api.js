// api.js: talks to deferd. The session's token is kept for this tab only, and sent in a
// header by hand: a browser never adds it by itself to what another site asks for.

const QUIET_MS = 15000; // without a word the stream is taken for dead
const STORE = 'deferd-session';

let token = sessionStorage.getItem(STORE);

export const signedIn = () => token !== null;

export class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

function forget() {
	token = null;
	sessionStorage.removeItem(STORE);
}

async function ask(method, path, bearer, signal) {
	const reply = await fetch(`/ui/${path}`, {
		method, signal, cache: 'no-store', credentials: 'omit',
		headers: { Authorization: `Bearer ${bearer}` },
	});
	if (reply.ok) return reply;
	const body = await reply.json().catch(() => ({}));
	throw new Refused(reply.status, body.error?.message ?? `deferd answered ${reply.status}`);
}

export async function signIn(key) {
	token = (await (await ask('POST', 'session', key)).json()).token;
	sessionStorage.setItem(STORE, token);
}

export async function signOut() {
	const old = token;
	forget();
	await ask('DELETE', 'session', old).catch(() => {});
}

// For what needs a session: without one any more, onEnded hears why.
let onEnded = () => {};
export function whenEnded(callback) {
	onEnded = callback;
}

async function request(method, path, signal) {
	try {
		return await ask(method, path, token, signal);
	} catch (e) {
		if (token !== null && e instanceof Refused && (e.status === 401 || e.status === 403 && method === 'GET')) {
			forget();
			onEnded(e.message);
		}
		throw e;
	}
}

export const get = async (path) => (await request('GET', path)).json();
export const post = async (path) => (await request('POST', path)).json();

// Calls on[event](data) for each event until the stream ends; then it throws or returns.
export async function stream(on, signal) {
	const quiet = new AbortController();
	let timer;
	const heard = () => {
		clearTimeout(timer);
		timer = setTimeout(() => quiet.abort(), QUIET_MS);
	};
	const stop = () => quiet.abort();
	signal.addEventListener('abort', stop);
	heard();
	try {
		const reader = (await request('GET', 'stream', quiet.signal)).body.getReader();
		const text = new TextDecoder();
		for (let rest = ''; ;) {
			const { value, done } = await reader.read();
			if (done) return;
			heard();
			const parts = (rest + text.decode(value, { stream: true })).split('\n\n');
			rest = parts.pop();
			for (const part of parts) {
				const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
				if (event) on[event]?.(JSON.parse(data));
			}
		}
	} finally {
		clearTimeout(timer);
		signal.removeEventListener('abort', stop);
	}
}
