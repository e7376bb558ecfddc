// stub.js: the server that tests of outbound HTTP talk to; see Stub.pm. It listens on
// loopback, prints its URLs as a line of JSON, and ends when its input does.
'use strict';
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const https = require('https');
const zlib = require('zlib');

const stats = { connections: 0, requests: 0, aborted: 0, active: 0, most: 0 };
const seen = new Set();
const dir = process.argv[2];

const json = (res, status, value, headers = {}) => {
	res.writeHead(status, { 'content-type': 'application/json', ...headers });
	res.end(JSON.stringify(value));
};

const packed = (res, name, bytes) => {
	res.writeHead(200, { 'content-encoding': name, 'content-type': 'application/json' });
	res.end(bytes);
};

// Pieces with a pause between them, until the client goes away.
const chunks = (res, n, ms, text) => {
	let i = 0;
	const next = () => {
		if (res.destroyed) return;
		if (i++ === n) return void res.end();
		res.write(text || `chunk ${i}\n`);
		setTimeout(next, ms);
	};
	res.writeHead(200, { 'content-type': 'text/plain' });
	next();
};

const pages = {
	echo: (req, res, url, body) => json(res, 200, { method: req.method, path: url.pathname,
		query: url.search.slice(1), headers: req.headers, body: body.toString('latin1'),
		version: req.httpVersion }),
	status: (req, res, url) => json(res, Number(url.pathname.split('/')[2]), { said: 'so' }),
	redirect: (req, res, url) => {
		const n = Number(url.pathname.split('/')[2]);
		if (n === 0) return json(res, 200, { end: true });
		res.writeHead(302, { location: `/redirect/${n - 1}` });
		res.end('this is not the body');
	},
	to: (req, res, url) => {
		res.writeHead(Number(url.searchParams.get('status') || 302),
			{ location: url.searchParams.get('url') });
		res.end();
	},
	gzip: (req, res) => packed(res, 'gzip', zlib.gzipSync('{"packed": "gzip"}')),
	deflate: (req, res) => packed(res, 'deflate', zlib.deflateSync('{"packed": "deflate"}')),
	br: (req, res) => packed(res, 'br', zlib.brotliCompressSync('{"packed": "br"}')),
	bomb: (req, res) => packed(res, 'gzip', zlib.gzipSync(Buffer.alloc(50 << 20))),
	slow: (req, res, url) => setTimeout(() => json(res, 200, { slow: true }),
		Number(url.searchParams.get('ms'))),
	never: () => {},
	big: (req, res, url) => res.end(Buffer.alloc(Number(url.searchParams.get('n')), 'x')),
	chunks: (req, res, url) => chunks(res, Number(url.searchParams.get('n')),
		Number(url.searchParams.get('ms') || 0), url.searchParams.get('text')),
	flood: (req, res) => chunks(res, 64, 0, 'y'.repeat(65536)),
	cut: (req, res) => {
		res.writeHead(200, { 'content-length': 100 });
		res.write('only this', () => req.socket.destroy());
	},
	close: (req) => req.socket.destroy(),
	garbage: (req) => req.socket.end('this is no HTTP at all\r\n\r\n'),
	heads: (req, res) => {
		res.setHeader('Set-Cookie', ['a=1', 'b=2']);
		res.setHeader('X-Empty', '');
		json(res, 200, {});
	},
	stats: (req, res) => json(res, 200, stats),
};

const serve = (req, res) => {
	const url = new URL(req.url, 'http://stub');
	const page = url.pathname.split('/')[1];
	const body = [];
	if (page !== 'stats') {
		stats.requests++;
		stats.active++;
		stats.most = Math.max(stats.most, stats.active);
		if (!seen.has(req.socket)) {
			seen.add(req.socket);
			stats.connections++;
		}
		res.on('close', () => {
			stats.active--;
			if (!res.writableFinished) stats.aborted++;
		});
	}
	req.on('data', (part) => body.push(part));
	req.on('end', () => (pages[page] || pages.echo)(req, res, url, Buffer.concat(body)));
};

const listen = (server, host) => new Promise((done) => server.listen(0, host, () =>
	done(server.address().port)));
const tls = (name) => ({ key: fs.readFileSync(`${dir}/${name}.key`), allowHTTP1: true,
	cert: fs.readFileSync(`${dir}/${name}.pem`) });

(async () => {
	const urls = { http: `http://127.0.0.1:${await listen(http.createServer(serve), '127.0.0.1')}` };
	if (dir) {
		const h2 = http2.createSecureServer(tls('good'), serve);
		urls.https = `https://localhost:${await listen(h2, '127.0.0.1')}`;
		const h1 = https.createServer(tls('good'), serve);
		urls.https1 = `https://127.0.0.1:${await listen(h1, '127.0.0.1')}`;
		const bad = https.createServer(tls('bad'), serve);
		urls.bad = `https://127.0.0.1:${await listen(bad, '127.0.0.1')}`;
	}
	console.log(JSON.stringify(urls));
})();
process.stdin.on('end', () => process.exit(0)).resume();
