/* The event stream: numbers without a gap, listeners that come and go. */
#include "../../supervisor/events.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>

struct seen {
	int n;
	char last[512];
	struct events *events;
	struct events_sub *drop; /* unsubscribe this one from within the callback */
};

static void
on_event(struct span json, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	snprintf(seen->last, sizeof seen->last, "%.*s", SPAN_FMT(json));
	if (seen->drop) {
		events_unsubscribe(seen->events, seen->drop);
		seen->drop = NULL;
	}
}

static bool
emit(struct events *e, const char *name)
{
	struct jsonw *w = events_begin(e, name);

	if (w)
		jsonw_kstr(w, "text", name);
	events_end(e);
	return w != NULL;
}

static void
t_silent(void)
{
	struct events *e = events_new();
	struct seen seen = {0};
	struct events_sub *sub;

	OK(!emit(e, "one"));
	OK(!emit(e, "two"));
	sub = events_subscribe(e, on_event, &seen);
	OK(emit(e, "three"));
	OK(strstr(seen.last, "{\"schema\":1,\"seq\":3,\"at\":\"2") == seen.last);
	OK(strstr(seen.last, "Z\",\"event\":\"three\",\"text\":\"three\"}") != NULL);
	events_unsubscribe(e, sub);
	OK(!emit(e, "four"));
	EQ_INT(seen.n, 1);
	events_free(e);
}

static void
t_two_listeners(void)
{
	struct events *e = events_new();
	struct seen a = {0}, b = {0};

	events_subscribe(e, on_event, &a);
	events_subscribe(e, on_event, &b);
	emit(e, "x");
	EQ_INT(a.n, 1);
	EQ_INT(b.n, 1);
	EQ_STR(a.last, b.last);
	events_free(e); /* with listeners: nothing leaks */
}

/* Both orders: a listener drops itself, its predecessor, its successor. */
static void
t_unsubscribe_within(void)
{
	for (int who = 0; who < 9; who++) {
		struct events *e = events_new();
		struct seen s[3] = {{0}};
		struct events_sub *sub[3];
		int dropper = who / 3, dropped = who % 3;

		for (int i = 0; i < 3; i++)
			sub[i] = events_subscribe(e, on_event, &s[i]);
		s[dropper].events = e;
		s[dropper].drop = sub[dropped];
		emit(e, "x");
		EQ_INT(s[dropped].n, dropped > dropper ? 0 : 1);
		emit(e, "y");
		for (int i = 0; i < 3; i++)
			EQ_INT(s[i].n, i == dropped ? (dropped > dropper ? 0 : 1) : 2);
		events_free(e);
	}
}

/* An event that is too large leaves its number behind, not a gap. */
static void
t_too_large(void)
{
	struct events *e = events_new();
	struct seen seen = {0};
	struct jsonw *w;
	char *big = malloc(100000);

	memset(big, 'x', 99999);
	big[99999] = '\0';
	events_subscribe(e, on_event, &seen);
	w = events_begin(e, "big");
	jsonw_kstr(w, "text", big);
	events_end(e);
	EQ_STR(seen.last, "{\"schema\":1,\"seq\":1,\"event\":\"unprintable\"}");
	emit(e, "next");
	OK(strstr(seen.last, "{\"schema\":1,\"seq\":2,") == seen.last);
	free(big);
	events_free(e);
}

TESTS(TEST(silent), TEST(two_listeners), TEST(unsubscribe_within), TEST(too_large))
