/* catalog.c: see catalog.h. */
#include "catalog.h"
#include <stdio.h>
#include <stdlib.h>

void
catalog_init(struct catalog *c)
{
	*c = (struct catalog){0};
}

/* All that the registration said, but for its name. */
static void
catalog_empty(struct handler *h)
{
	free(h->place);
	free(h->verb);
	free(h->pattern);
	free(h->cron);
	free(h->zone);
}

void
catalog_fini(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct handler *h = c->item[i];

		catalog_empty(h);
		free(h->name);
		free(h);
	}
	for (size_t i = 0; i < c->warning_n; i++) {
		free(c->warning[i].place);
		free(c->warning[i].text);
	}
	free(c->warning);
	free(c->item);
	free(c->sorted);
	*c = (struct catalog){0};
}

/* The order of sorted: kind, then name bytewise, shorter first. */
static int
catalog_compare(enum kind kind, struct span name, const struct handler *h)
{
	if (kind != h->kind)
		return kind < h->kind ? -1 : 1;
	size_t hn = strlen(h->name), n = name.n < hn ? name.n : hn;
	int r = n ? memcmp(name.p, h->name, n) : 0;
	if (r)
		return r;
	return name.n < hn ? -1 : name.n > hn;
}

static int
catalog_order(const void *a, const void *b)
{
	const struct handler *x = *(struct handler *const *)a;

	return catalog_compare(x->kind, span_str(x->name), *(struct handler *const *)b);
}

static void *
grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room ? *room * 2 : 16;
	p = realloc(p, *room * size);
	ASSERT(p != NULL);
	return p;
}

void
catalog_warn(struct catalog *c, const char *place, const char *text)
{
	size_t room = c->warning_n;

	c->warning = grow(c->warning, c->warning_n, &room, sizeof *c->warning);
	c->warning[c->warning_n++] = (struct warning){xstrdup(place), xstrdup(text)};
}

static struct handler *
catalog_find_open(const struct catalog *c, enum kind kind, struct span name)
{
	for (size_t i = 0; i < c->n; i++)
		if (catalog_compare(kind, name, c->item[i]) == 0)
			return c->item[i];
	return NULL;
}

static void
catalog_replace(struct catalog *c, struct handler *h, const char *place)
{
	struct buf text;

	buf_init(&text, 0);
	buf_printf(&text,
	    "%s \"%s\" is registered again: this one replaces the one at %s",
	    kind_name(h->kind), h->name, h->place);
	catalog_warn(c, place, buf_cstr(&text));
	buf_fini(&text);
	uint32_t index = h->index;
	enum kind kind = h->kind;
	char *name = h->name;
	catalog_empty(h);
	*h = (struct handler){.kind = kind, .name = name, .index = index};
	h->place = xstrdup(place);
}

struct handler *
catalog_add(struct catalog *c, enum kind kind, struct span name, const char *place)
{
	struct handler *h = catalog_find_open(c, kind, name);

	if (h) {
		catalog_replace(c, h, place);
		return h;
	}
	c->item = grow(c->item, c->n, &c->room, sizeof(struct handler *));
	h = xcalloc(1, sizeof *h);
	h->kind = kind;
	h->name = xcalloc(1, name.n + 1);
	memcpy(h->name, name.p, name.n);
	h->place = xstrdup(place);
	h->index = (uint32_t)c->n;
	c->item[c->n++] = h;
	return h;
}

void
catalog_close(struct catalog *c)
{
	free(c->sorted);
	c->sorted = xcalloc(c->n + 1, sizeof(struct handler *));
	if (c->n)
		memcpy(c->sorted, c->item, c->n * sizeof(struct handler *));
	qsort(c->sorted, c->n, sizeof(struct handler *), catalog_order);
}

static const struct handler *
catalog_find_kind(const struct catalog *c, enum kind kind, struct span name)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int r = catalog_compare(kind, name, c->sorted[mid]);
		if (r == 0)
			return c->sorted[mid];
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct handler *
catalog_find(const struct catalog *c, enum kind kind, struct span name)
{
	static const enum kind order[] = {
	    KIND_FUNCTION, KIND_EVENT, KIND_SERVICE, KIND_JOB};

	if (!c->sorted)
		return NULL;
	if (kind != KIND_ANY)
		return catalog_find_kind(c, kind, name);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const struct handler *h = catalog_find_kind(c, order[i], name);
		if (h)
			return h;
	}
	return NULL;
}
