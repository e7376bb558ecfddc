/*
 * http_system.c: what operators and their machines ask: alive, ready, counters.
 */
#include "http_impl.h"
#include "stats.h"

static void
system_healthz(struct http_req *r)
{
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_kstr(w, "status", "ok");
	jsonw_end_object(w);
	reply_send(r->http, r->ev, r->dialect, 200);
}

static void
system_readyz(struct http_req *r)
{
	const char *why = core_not_ready(r->http->core);
	struct jsonw *w = reply_begin(r->http);

	jsonw_object(w);
	jsonw_kstr(w, "status", why ? "unavailable" : "ok");
	if (why)
		jsonw_kstr(w, "reason", why);
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
