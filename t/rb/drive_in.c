/* drive_in.c: what goes into the engine under test, and how it is set up. */
#include "drive.h"
#include "../../common/jsonw.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *
drive_read(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b;
	uint8_t *p;
	size_t n;

	if (!f)
		return NULL;
	buf_init(&b, 0);
	while ((p = buf_room(&b, 4096)) && (n = fread(p, 1, 4096, f)) > 0)
		buf_grew(&b, n);
	fclose(f);
	char *text = xstrdup(buf_cstr(&b));
	buf_fini(&b);
	return text;
}

static long long
conf_number(const char *conf, const char *key, long long otherwise)
{
	const char *at = strstr(conf, key);

	return at ? atoll(at + strlen(key)) : otherwise;
}

void
drive_open(
    struct drive *d, const char *path, const char *conf, int64_t (*clock_ns)(void *))
{
	const char *slash = strrchr(path, '/');
	char *real = realpath(path, NULL);
	struct engine_conf c = {
	    .handlers = d->folder,
	    .memory_bytes = (size_t)conf_number(conf, "memory=", 64 << 20),
	    .result_bytes = (size_t)conf_number(conf, "result=", 1 << 20),
	    .log_bytes = (size_t)conf_number(conf, "log=", 65536),
	    .batch_bytes = 4 << 20,
	    .timeout_ms = 15000,
	    .job_timeout_ms = 300000,
	    .grace_ms = 250,
	    .detached = strstr(conf, "detached=fail")   ? DETACHED_FAIL
			: strstr(conf, "detached=warn") ? DETACHED_WARN
							: DETACHED_WAIT,
	    .blocking_io = strstr(conf, "blocking") != NULL,
	};

	snprintf(d->folder, sizeof d->folder, "/tmp/drive-XXXXXX");
	ASSERT(mkdtemp(d->folder) && real);
	snprintf(d->link, sizeof d->link, "%s/%s", d->folder, slash ? slash + 1 : path);
	ASSERT(symlink(real, d->link) == 0);
	free(real);
	d->backtrace = strstr(conf, "backtrace") != NULL;
	d->took = strstr(conf, "took") != NULL;
	d->trace = strstr(conf, "spans") != NULL;
	d->now_ns = 1000000000;
	d->engine = engine_new(&c);
	ASSERT(d->engine);
	d->engine->clock_ns = clock_ns;
	d->engine->clock_arg = d;
	d->engine->page = &d->page;
	d->engine->worker = 7;
	for (int i = 0; i < DRIVE_LINES_MAX; i++)
		buf_init(&d->got[i], 0);
}

void
drive_close(struct drive *d)
{
	engine_free(d->engine);
	for (int i = 0; i < DRIVE_LINES_MAX; i++)
		buf_fini(&d->got[i]);
	unlink(d->link);
	rmdir(d->folder);
}

/* --- JSON to msgpack --- */

static void
pack_json(msgpack_packer *pk, json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		msgpack_pack_map(pk, json_object_size(v));
		json_object_foreach(v, key, item)
		{
			mp_put_cstr(pk, key);
			pack_json(pk, item);
		}
		break;
	case JSON_ARRAY:
		msgpack_pack_array(pk, json_array_size(v));
		json_array_foreach(v, i, item) pack_json(pk, item);
		break;
	case JSON_STRING:
		mp_put_str(pk, span_of(json_string_value(v), json_string_length(v)));
		break;
	case JSON_INTEGER: msgpack_pack_int64(pk, json_integer_value(v)); break;
	case JSON_REAL: msgpack_pack_double(pk, json_real_value(v)); break;
	case JSON_TRUE: msgpack_pack_true(pk); break;
	case JSON_FALSE: msgpack_pack_false(pk); break;
	case JSON_NULL: msgpack_pack_nil(pk); break;
	}
}

/* Packs the JSON value at *at and moves behind it. */
static void
pack_text(msgpack_packer *pk, const char **at)
{
	json_error_t err;
	json_t *v = json_loads(*at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &err);

	if (!v) {
		fprintf(stderr, "bad JSON: %s: %s\n", *at, err.text);
		exit(64);
	}
	pack_json(pk, v);
	*at += err.position;
	json_decref(v);
}

static const char *const env_names[ENV_COUNT] = {[ENV_BODY] = "body=",
    [ENV_PARAMS] = "params=",
    [ENV_QUERY] = "query=",
    [ENV_PATH] = "path=",
    [ENV_HEADERS] = "headers=",
    [ENV_IP] = "ip=",
    [ENV_CONTEXT] = "context=",
    [ENV_FLAGS] = "flags="};

static void
pack_envelope(struct buf *b, const char *rest)
{
	msgpack_packer pk = mp_packer(b);

	msgpack_pack_array(&pk, ENV_COUNT);
	for (int i = 0; i < ENV_COUNT; i++) {
		const char *at = strstr(rest, env_names[i]);
		if (i == ENV_BODY && (*rest == '{' || *rest == '['))
			pack_text(&pk, &rest);
		else if (at) {
			at += strlen(env_names[i]);
			pack_text(&pk, &at);
		} else if (i == ENV_FLAGS)
			msgpack_pack_int(&pk, 0);
		else
			msgpack_pack_nil(&pk);
	}
}

/* With "steps={...}" it is an async task, with those steps finished. */
static void
pack_steps(struct buf *b, const char *rest)
{
	const char *at = strstr(rest, "steps=");
	msgpack_packer pk = mp_packer(b);

	if (at && (at += strlen("steps=")))
		pack_text(&pk, &at);
}

void
drive_start(struct drive *d, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *quoted = line[0] == '"' ? strchr(line + 1, '"') : NULL;
	struct span name =
	    quoted ? span_of(line + 1, (size_t)(quoted - line - 1)) : span_of(line, n);
	const char *rest = quoted ? quoted + 1 : line + n;
	struct taskid id = {{0}};
	const struct handler *h = NULL;
	struct buf env, steps;

	for (int k = KIND_FUNCTION; k < KIND_END && !h; k++)
		h = catalog_find(&d->engine->catalog, (enum kind)k, name);
	while (*rest == ' ')
		rest++;
	buf_init(&env, 0);
	buf_init(&steps, 0);
	pack_envelope(&env, rest);
	pack_steps(&steps, rest);
	d->tasks++;
	memcpy(id.b, &d->tasks, sizeof d->tasks);
	struct msg_run run = {
	    .task = span_of(id.b, sizeof id.b),
	    .attempt = 1,
	    .worker = 7,
	    .handler = h ? h->index : 9999,
	    .timeout_ms = (uint64_t)conf_number(rest, "timeout=", 15000),
	    .trace_ms = (uint64_t)conf_number(rest, "trace=", TRACE_FAILED_ONLY),
	    .envelope = buf_span(&env),
	    .steps = buf_span(&steps),
	};
	engine_run(d->engine, &run);
	long long cancel = conf_number(rest, "cancel=", -1);
	if (cancel > 0 && d->cancel_n < DRIVE_LINES_MAX) {
		d->cancel[d->cancel_n].id = id;
		d->cancel[d->cancel_n++].at_ns = d->now_ns + cancel * 1000000;
	}
	buf_fini(&env);
	buf_fini(&steps);
}

/* --- and out --- */

static void
json_value(struct jsonw *w, struct mp *c)
{
	struct mp_tok t;

	ASSERT(mp_next(c, &t) == 0);
	switch (t.type) {
	case MP_NIL: jsonw_null(w); break;
	case MP_BOOL: jsonw_bool(w, t.boolean); break;
	case MP_UINT: jsonw_uint(w, t.uint); break;
	case MP_SINT: jsonw_int(w, t.sint); break;
	case MP_REAL: jsonw_real(w, t.real); break;
	case MP_STR: jsonw_span(w, t.bytes); break;
	case MP_BIN:
		jsonw_object(w);
		jsonw_kint(w, "bytes", (int64_t)t.bytes.n);
		jsonw_end_object(w);
		break;
	case MP_TIME:
		jsonw_object(w);
		jsonw_kint(w, "time", t.time.s);
		jsonw_end_object(w);
		break;
	case MP_ARRAY:
		jsonw_array(w);
		for (uint32_t i = 0; i < t.count; i++)
			json_value(w, c);
		jsonw_end_array(w);
		break;
	case MP_MAP:
		jsonw_object(w);
		for (uint32_t i = 0; i < t.count; i++) {
			struct span key;
			ASSERT(mp_str(c, &key) == 0);
			jsonw_key_span(w, key);
			json_value(w, c);
		}
		jsonw_end_object(w);
	}
}

void
drive_json(struct buf *b, struct span s)
{
	struct jsonw w;
	struct mp c = mp_over(s);

	jsonw_init(&w, b);
	json_value(&w, &c);
}

void
drive_enqueued(struct drive *d, struct buf *b, const struct msg_enqueue *m)
{
	struct msg_enqueued answer = {.request = m->request};

	buf_printf(b, "enqueue %s %.*s %s ",
	    m->kind ? kind_name((enum kind)m->kind) : "any", SPAN_FMT(m->name),
	    execution_text((enum execution)m->execution));
	drive_json(b, m->params);
	if (span_is(m->name, "nobody")) {
		answer.code = span_str("unknown_handler");
		answer.message = span_str("no such handler");
	} else {
		answer.task = span_str("0193c1f2-0000-7000-8000-000000000001");
	}
	engine_enqueued(d->engine, &answer);
}

void
drive_stepped(struct drive *d, struct buf *b, const struct msg_step *m)
{
	struct msg_stepped answer = {.request = m->request};

	buf_printf(b, "step %.*s ", SPAN_FMT(m->name));
	drive_json(b, m->value);
	if (span_is(m->name, "unsafe")) {
		answer.code = span_str("store_unavailable");
		answer.message = span_str("not now");
	}
	engine_stepped(d->engine, &answer);
}

/* --- running --- */

static void
cancel_due(struct drive *d)
{
	for (size_t i = 0; i < d->cancel_n; i++)
		if (d->cancel[i].at_ns && d->cancel[i].at_ns <= d->now_ns) {
			struct msg_cancel m = {
			    .task = span_of(d->cancel[i].id.b, TASKID_BYTES),
			    .attempt = 1,
			    .cause = CAUSE_CANCELLED,
			    .reason = span_str("cancelled by the test"),
			};
			d->cancel[i].at_ns = 0;
			engine_cancel(d->engine, &m);
		}
}

static int64_t
next_event_ns(struct drive *d)
{
	int64_t wait = engine_wait_ns(d->engine),
		best = wait < 0 ? -1 : d->now_ns + wait;

	for (size_t i = 0; i < d->cancel_n; i++)
		if (d->cancel[i].at_ns && (best < 0 || d->cancel[i].at_ns < best))
			best = d->cancel[i].at_ns;
	return best;
}

void
drive_run_all(struct drive *d)
{
	for (int turns = 0; turns < 100000; turns++) {
		cancel_due(d);
		bool more = engine_turn(d->engine, 1000000000);
		drive_take_output(d);
		if (more || d->engine->ready.n || !outbox_empty(&d->engine->out))
			continue;
		int64_t at = next_event_ns(d);
		if (at < 0)
			return;
		if (at > d->now_ns)
			d->now_ns = at;
	}
	printf("# it never ends\n");
	d->broken = true;
}
