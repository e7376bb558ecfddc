/*
 * oddworker.c: a worker program without Ruby that misbehaves on demand. It speaks the
 * real protocol (forkserver on descriptor 3, NNG to the supervisor); its handlers are
 * faults:
 *
 *   hello    answers "hello"           twice    answers, and then answers again
 *   garbage  sends what is no message  stale    answers for another attempt first
 *   cause    FAILED with cause 99      wrong    answers with another worker's number
 *   trace    TRACE of more spans than there may be
 * first down     a message of the other direction   quit  exits with status 3 mute
 * answers, then never beats again    hang  never answers bye      says BYE with the
 * task still leased
 *
 * $ODDWORKER makes every worker odd from the start: "token" or "version" (wrong ones),
 * "early" (a BEAT before its HELLO), "die" (before HELLO), "never" (says nothing).
 */
#include "../../common/err.h"
#include "../../common/fd.h"
#include "../../common/kinds.h"
#include "../../common/log.h"
#include "../../common/msg.h"
#include <nng/nng.h>
#include <nng/protocol/pair1/pair.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD_BYTES 65536
#define BEAT_MS 200

struct odd {
	nng_socket sock;
	struct buf out;
	bool mute;
};

static void
put(struct odd *o, enum msg_number number, const void *fields)
{
	if (msg_pack(&o->out, number, fields) != 0)
		_exit(70);
}

static struct msg_done
done_for(const struct msg_run *r)
{
	return (struct msg_done){.task = r->task,
	    .attempt = r->attempt,
	    .worker = r->worker,
	    .run_us = 1,
	    .headers = span_of("\xc0", 1),
	    .result = span_of("\xa5hello", 6)};
}

static void
odd_hello(struct odd *o, const struct msg_run *r)
{
	struct msg_done d = done_for(r);

	put(o, MSG_DONE, &d);
}

static void
odd_twice(struct odd *o, const struct msg_run *r)
{
	odd_hello(o, r);
	odd_hello(o, r);
}

static void
odd_garbage(struct odd *o, const struct msg_run *r UNUSED)
{
	buf_add(&o->out, "\xdd\xff\xff\xff\xffrubbish", 12);
}

static void
odd_stale(struct odd *o, const struct msg_run *r)
{
	struct msg_done d = done_for(r);

	d.attempt++;
	put(o, MSG_DONE, &d);
	odd_hello(o, r);
}

static void
odd_wrong(struct odd *o, const struct msg_run *r)
{
	struct msg_done d = done_for(r);

	d.worker += 1000;
	put(o, MSG_DONE, &d);
	odd_hello(o, r);
}

static void
odd_cause(struct odd *o, const struct msg_run *r)
{
	struct msg_failed f = {
	    .task = r->task, .attempt = r->attempt, .worker = r->worker, .cause = 99};

	put(o, MSG_FAILED, &f);
}

static void
odd_trace(struct odd *o, const struct msg_run *r)
{
	struct buf spans;
	msgpack_packer pk = mp_packer(&spans);

	buf_init(&spans, 0);
	msgpack_pack_array(&pk, 1000000);
	for (int i = 0; i < 1000000; i++)
		msgpack_pack_array(&pk, 0);
	struct msg_trace t = {.task = r->task,
	    .attempt = r->attempt,
	    .worker = r->worker,
	    .spans = buf_span(&spans)};
	put(o, MSG_TRACE, &t);
}

static void
odd_down(struct odd *o, const struct msg_run *r UNUSED)
{
	struct msg_welcome w = {.worker = 1};

	put(o, MSG_WELCOME, &w);
}

static void
odd_quit(struct odd *o UNUSED, const struct msg_run *r UNUSED)
{
	_exit(3);
}

static void
odd_mute(struct odd *o, const struct msg_run *r)
{
	odd_hello(o, r);
	o->mute = true;
}

static void
odd_hang(struct odd *o UNUSED, const struct msg_run *r UNUSED)
{
}

static void
odd_bye(struct odd *o, const struct msg_run *r UNUSED)
{
	struct msg_bye b = {.status = 75, .reason = span_str("odd")};

	put(o, MSG_BYE, &b);
}

static const struct {
	const char *name;
	void (*act)(struct odd *, const struct msg_run *);
} odd_handlers[] = {
    {"hello", odd_hello},
    {"twice", odd_twice},
    {"garbage", odd_garbage},
    {"stale", odd_stale},
    {"wrong", odd_wrong},
    {"cause", odd_cause},
    {"trace", odd_trace},
    {"down", odd_down},
    {"quit", odd_quit},
    {"mute", odd_mute},
    {"hang", odd_hang},
    {"bye", odd_bye},
};

static void
take(struct odd *o, struct span bytes)
{
	struct mp in = mp_over(bytes);
	struct msg m;

	while (!mp_at_end(&in)) {
		if (msg_parse(&in, MSG_DOWN, &m) != 0)
			_exit(70);
		if (m.number == MSG_RUN && m.run.handler < COUNT_OF(odd_handlers))
			odd_handlers[m.run.handler].act(o, &m.run);
		else if (m.number == MSG_RETIRE)
			odd_bye(o, NULL);
		else if (m.number == MSG_BYE_ACK)
			_exit(0);
	}
}

static void
say_hello(struct odd *o, const struct msg_spawn *s, const char *mode)
{
	struct msg_beat beat = {0};
	struct msg_hello h = {
	    .version = MSG_VERSION, .token = s->token, .pid = (uint64_t)getpid()};

	if (strcmp(mode, "token") == 0)
		h.token = span_of("0123456789abcdef", 16);
	if (strcmp(mode, "version") == 0)
		h.version++;
	if (strcmp(mode, "early") == 0)
		put(o, MSG_BEAT, &beat);
	put(o, MSG_HELLO, &h);
}

static void
flush(struct odd *o)
{
	if (o->out.n)
		nng_send(o->sock, o->out.p, o->out.n, 0);
	buf_reset(&o->out);
}

static void
live(const struct msg_spawn *s)
{
	struct odd o = {.mute = false};
	const char *mode = getenv("ODDWORKER") ? getenv("ODDWORKER") : "";
	struct msg_beat beat = {0};
	char address[256];
	void *p;
	size_t n;

	if (strcmp(mode, "die") == 0)
		_exit(1);
	snprintf(address, sizeof address, "%.*s", SPAN_FMT(s->address));
	buf_init(&o.out, 0);
	if (nng_pair1_open(&o.sock) != 0 || nng_dial(o.sock, address, NULL, 0) != 0)
		_exit(71);
	nng_socket_set_ms(o.sock, NNG_OPT_RECVTIMEO, BEAT_MS);
	nng_socket_set_ms(o.sock, NNG_OPT_SENDTIMEO, BEAT_MS);
	o.mute = strcmp(mode, "never") == 0;
	if (!o.mute)
		say_hello(&o, s, mode);
	for (;;) {
		flush(&o);
		int rc = nng_recv(o.sock, &p, &n, NNG_FLAG_ALLOC);
		if (rc == 0) {
			take(&o, span_of(p, n));
			nng_free(p, n);
		} else if (rc != NNG_ETIMEDOUT ||
			   getppid() != (pid_t)s->supervisor_pid) {
			_exit(0); /* it does not outlive its supervisor */
		} else if (!o.mute) {
			put(&o, MSG_BEAT, &beat);
		}
	}
}

static void
record(struct buf *b, enum msg_number number, const void *fields)
{
	buf_reset(b);
	if (msg_pack(b, number, fields) != 0 || fd_send_record(3, buf_span(b), -1) != 0)
		_exit(70);
}

static void
load(struct buf *b)
{
	for (size_t i = 0; i < COUNT_OF(odd_handlers); i++) {
		struct msg_handler h = {.index = i,
		    .kind = KIND_FUNCTION,
		    .name = span_str(odd_handlers[i].name),
		    .place = span_str("odd.c:1")};
		record(b, MSG_HANDLER, &h);
	}
	struct msg_loaded l = {.handlers = COUNT_OF(odd_handlers), .files = 1};
	record(b, MSG_LOADED, &l);
}

/* The double fork of the real one. */
static void
spawn_one(struct buf *b, const struct msg_spawn *s, int page)
{
	pid_t middle = fork();

	if (middle == 0) {
		pid_t worker = fork();
		if (worker == 0) {
			close(3);
			live(s);
		}
		struct msg_spawned m = {.worker = s->worker, .pid = (uint64_t)worker};
		record(b, MSG_SPAWNED, &m);
		_exit(0);
	}
	fd_close(&page);
	waitpid(middle, NULL, 0);
}

int
main(void)
{
	struct buf in, out;
	struct msg m;
	int fd;

	log_init("oddworker");
	buf_init(&in, RECORD_BYTES);
	buf_init(&out, RECORD_BYTES);
	for (;;) {
		buf_reset(&in);
		int e = fd_recv_record(3, &in, &fd);
		if (e == -ERR_CLOSED)
			return 0;
		struct mp c = mp_over(buf_span(&in));
		if (e != 0 || msg_parse(&c, MSG_FDOWN, &m) != 0)
			return 70;
		if (m.number == MSG_CONFIG)
			load(&out);
		else if (m.number == MSG_SPAWN)
			spawn_one(&out, &m.spawn, fd);
	}
}
