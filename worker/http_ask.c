/* http_ask.c: how requests begin: the module HTTP as C sees it; rb/http.rb has what
 * users call. */
#include "../common/clock.h"
#include "deferred.h"
#include "http_impl.h"
#include "text.h"
#include "trace.h"
#include <ctype.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <stdio.h>

static void
http_on_late(struct engine *e UNUSED, struct due *d)
{
	struct pend *p = CONTAINER_OF(d, struct pend, due);
	struct transfer *t = p->io;
	char why[128], time[32];

	if (!t)
		return;
	snprintf(why, sizeof why, "%s%s",
	    clock_format_ms(t->timeout_ms, time, sizeof time),
	    t->easy || t->done
		? ""
		: ", all of which it waited for others (http.concurrent, "
		  "http.perTask)");
	transfer_fail(t, HTTP_TIMEOUT, why);
	http_settle(t);
}

/* Nobody wants it any more. */
static void
http_on_stop(struct engine *e UNUSED, struct pend *p)
{
	struct transfer *t = p->io;

	p->what = "HTTP";
	p->io = NULL;
	if (t)
		transfer_free(t);
}

static void
ask_refuse(struct engine *e, enum http_fault fault, const char *method, const char *url,
    const char *why)
{
	struct http_told told = {fault, method, url, why};

	mrb_exc_raise(e->vm.mrb, http_exception(e->vm.mrb, &told));
}

/* What is left of the task's time, in ms; 0: no end to it. */
static int64_t
ask_left_ms(struct engine *e)
{
	struct scope *s = e->scope;

	if (!s || !heap_has(&s->deadline.node))
		return 0;
	int64_t left = (s->deadline.node.key - e->clock_ns(e->clock_arg)) / NS_PER_MS;
	return left < 1 ? 1 : left;
}

/* After it they are what C can read: none raises any more. */
static void
ask_check_headers(mrb_state *mrb, mrb_value list)
{
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++)
		(void)mrb_string_cstr(mrb, RARRAY_PTR(list)[i]);
}

/* What may be told of a URL that cannot be taken apart. */
static void
ask_show_url(struct buf *b, const char *text)
{
	size_t n = strcspn(text, "?#");

	buf_reset(b);
	if (memchr(text, '@', n))
		buf_add_str(b, "(a URL with credentials)");
	else
		text_add_clean(b, span_of(text, n), 200);
}

/* The URL into *url; or what is wrong with it, and what may be told of it. */
static enum http_fault
ask_url(struct http *h, const char *text, struct http_url *url, struct buf *shown,
    const char **why)
{
	*why = http_url_parse(&h->lib, text, url);
	if (*why) {
		ask_show_url(shown, text);
		return HTTP_URL;
	}
	*why = hostpolicy_check_name(&h->conf.policy, url->host, url->port);
	if (!*why)
		return HTTP_FINE;
	buf_reset(shown);
	buf_add_str(shown, url->clean);
	http_url_fini(url);
	return HTTP_DENIED;
}

static mrb_value
ask_begin(
    struct engine *e, struct http *h, const struct http_order *o, mrb_value stream)
{
	struct http_url url;
	const char *why;
	mrb_value d = deferred_begin(e, PEND_IO); /* may raise: nothing is held yet */
	struct pend *p = deferred_pend(e, d);
	enum http_fault fault = ask_url(h, o->url, &url, &e->scratch, &why);

	if (fault) {
		pend_free(e, p);
		ask_refuse(e, fault, o->method, buf_cstr(&e->scratch), why);
	}
	struct transfer *t = transfer_new(h, o, &url);
	t->pend = p;
	p->io = t;
	p->what = t->what;
	trace_name(e, p, t->what);
	p->stop = http_on_stop;
	p->due.fire = http_on_late;
	if (!mrb_nil_p(stream)) {
		IV_SET(e->vm.mrb, stream, scope, mrb_fixnum_value(p->scope->code));
		IV_SET(e->vm.mrb, stream, work, mrb_fixnum_value(p->code));
		IV_SET(e->vm.mrb, stream, mode, mrb_fixnum_value(MODE_ASYNC));
		t->stream = pin_put(&e->vm, stream);
	}
	if (o->timeout_ms)
		due_set(
		    e, &p->due, e->clock_ns(e->clock_arg) + o->timeout_ms * NS_PER_MS);
	http_enter(h, t);
	return d;
}

/* HTTP.__request(method, url, headers, body, timeout_ms, connect_ms, redirects,
 * max_body, stream) */
static mrb_value
http_request(mrb_state *mrb, mrb_value self UNUSED)
{
	struct engine *e = engine_of(mrb);
	mrb_value headers, body, stream;
	mrb_int timeout_ms, connect_ms, redirects, max_body;
	struct http_order o = {0};
	const char *why = NULL;

	mrb_get_args(mrb, "zzAoiiiio", &o.method, &o.url, &headers, &body, &timeout_ms,
	    &connect_ms, &redirects, &max_body, &stream);
	struct http *h = http_of(e);
	if (!e->scope)
		mrb_raise(mrb, E_RUNTIME_ERROR,
		    "requests can be made by a handler, not while its file is loaded");
	if ((why = http_open(h)))
		ask_refuse(e, HTTP_UNAVAILABLE, o.method, "(any URL)", why);
	ask_check_headers(mrb, headers);
	o.headers = headers;
	o.has_body = mrb_string_p(body);
	if (o.has_body)
		o.body = span_of(RSTRING_PTR(body), (size_t)RSTRING_LEN(body));
	int64_t left = ask_left_ms(e);
	/* 0: the end of the task's time is this request's, too */
	o.timeout_ms = left && left <= timeout_ms ? 0 : timeout_ms;
	o.connect_ms = left && left < connect_ms ? left : connect_ms;
	o.redirects = (int)redirects;
	o.body_bytes = max_body > 0 && (size_t)max_body < h->conf.body_bytes
			   ? (size_t)max_body
			   : h->conf.body_bytes;
	return ask_begin(e, h, &o, stream);
}

/* HTTP.__escape(text): for a query or a form. */
static mrb_value
http_escape(mrb_state *mrb, mrb_value self UNUSED)
{
	static const char hex[] = "0123456789ABCDEF";
	mrb_value text;

	mrb_get_args(mrb, "S", &text);
	mrb_int n = RSTRING_LEN(text);
	mrb_value out = mrb_str_new_capa(mrb, n * 3);
	for (mrb_int i = 0; i < n; i++) {
		unsigned char c = (unsigned char)RSTRING_PTR(text)[i];
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};
		if (isalnum(c) || strchr("-_.~", c))
			mrb_str_cat(mrb, out, (const char *)&c, 1);
		else
			mrb_str_cat(mrb, out, code, sizeof code);
	}
	return out;
}

void
http_define(struct engine *e)
{
	mrb_state *mrb = e->vm.mrb;
	struct RClass *http = mrb_define_module(mrb, "HTTP");
	struct RClass *stream =
	    mrb_define_class_under(mrb, http, "Stream", mrb->object_class);

	mrb_define_module_function(
	    mrb, http, "__request", http_request, MRB_ARGS_REQ(9));
	mrb_define_module_function(mrb, http, "__escape", http_escape, MRB_ARGS_REQ(1));
	mrb_define_method(mrb, stream, "__take", http_stream_take, MRB_ARGS_NONE());
	mrb_define_method(mrb, stream, "__fail", http_stream_fail, MRB_ARGS_REQ(1));
}
