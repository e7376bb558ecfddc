#include "heart.h"

void
heart_heard(struct heart *h, int64_t now_ms)
{
	if (now_ms > h->alive_ms)
		h->alive_ms = now_ms;
}

enum heart_verdict
heart_judge(struct heart *h, const struct heart_view *v)
{
	if (v->starting)
		return v->now_ms - h->alive_ms > v->start_timeout_ms ? HEART_NEVER_CAME
								     : HEART_BEATS;
	if (v->bursts != h->bursts || v->burst_began_ms) {
		h->bursts = v->bursts;
		heart_heard(h, v->now_ms);
	}
	if (v->burst_began_ms)
		return v->now_ms - v->burst_began_ms > v->burst_limit_ms
			   ? HEART_BURST_TOO_LONG
			   : HEART_BEATS;
	return v->now_ms - h->alive_ms > v->beat_timeout_ms ? HEART_SILENT
							    : HEART_BEATS;
}
