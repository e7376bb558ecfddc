/*
 * http_system.c: what operators and their machines ask: alive, ready, counters.
 */
#include "http_impl.h"
#include "stats.h"
#include <stdio.h>

/* Why async tasks are refused although deferd is ready; "" when they are not. */
static const char *
system_store_trouble(const struct http_req *r, char *out, size_t room)
{
	struct core_store v;

	out[0] = '\0';
	core_view_store(r->http->core, &v);
	if (v.store.state != STORE_OK)
		snprintf(out, room, "the store is %s: %s: async tasks are refused",
		    store_state_name(v.store.state), v.store.why);
	return out;
}

static void
system_healthz(struct http_req *r)
{
	struct jsonw *w = reply_begin(r->http);
	char trouble[256];

	system_store_trouble(r, trouble, sizeof trouble);
	jsonw_object(w);
	jsonw_kstr(w, "status", trouble[0] ? "degraded" : "ok");
	if (trouble[0])
		jsonw_kstr(w, "reason", trouble);
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
system_readyz(struct http_req *r)
{
	const char *why = core_not_ready(r->http->core);
	struct jsonw *w = reply_begin(r->http);
	char trouble[256];

	system_store_trouble(r, trouble, sizeof trouble);
	jsonw_object(w);
	jsonw_kstr(w, "status", why ? "unavailable" : "ok");
	if (why)
		jsonw_kstr(w, "reason", why);
	if (trouble[0])
		jsonw_kstr(w, "note", trouble);
	jsonw_end_object(w);
	if (why)
		reply_header(r->ev, "Retry-After", "1");
	reply_send(r->http, r->ev, r->dialect, why ? 503 : 200);
}

static void
system_metrics(struct http_req *r)
{
	reply_begin(r->http);
	stats_write(r->http->stats, r->http->core, &r->http->out);
	reply_send_as(r->http, r->ev, r->dialect, 200,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

bool
system_serve(struct http_req *r, struct span first)
{
	static const struct {
		const char *name;
		void (*serve)(struct http_req *);
	} pages[] = {{"healthz", system_healthz}, {"readyz", system_readyz},
	    {"metrics", system_metrics}};

	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (!span_is(first, pages[i].name))
			continue;
		if (first.n != r->path.n)
			reply_refuse(r, FAULT_NOT_FOUND, "there is nothing below /%s",
			    pages[i].name);
		else if (r->verb != VERB_GET && r->verb != VERB_HEAD)
			reply_refuse_method(r, "GET, HEAD");
		else
			pages[i].serve(r);
		return true;
	}
	return false;
}
