/*
 * mutate.c: a table of small changes; an input gets one to eight of them.
 */
#include "mutate.h"

struct draft {
	const struct fuzz_corpus *corpus;
	uint64_t *state;
	uint8_t *p;
	size_t n, room;
};

static size_t
draft_below(struct draft *d, size_t n)
{
	return n ? (size_t)t_below(d->state, n) : 0;
}

/* Any place, the end included. */
static size_t
draft_place(struct draft *d)
{
	return draft_below(d, d->n + 1);
}

/* Opens a gap of n bytes at a place, cut to the room there is; returns its width. */
static size_t
draft_open(struct draft *d, size_t at, size_t n)
{
	if (n > d->room - d->n)
		n = d->room - d->n;
	memmove(d->p + at + n, d->p + at, d->n - at);
	d->n += n;
	return n;
}

static void
draft_insert(struct draft *d, size_t at, const void *p, size_t n)
{
	n = draft_open(d, at, n);
	if (n)
		memcpy(d->p + at, p, n);
}

static void
draft_delete(struct draft *d, size_t at, size_t n)
{
	if (n > d->n - at)
		n = d->n - at;
	memmove(d->p + at, d->p + at + n, d->n - at - n);
	d->n -= n;
}

static void
draft_overwrite(struct draft *d, size_t at, const void *p, size_t n)
{
	if (n > d->n - at)
		n = d->n - at;
	if (n)
		memcpy(d->p + at, p, n);
}

static void
mutate_flip_bit(struct draft *d)
{
	if (d->n)
		d->p[draft_below(d, d->n)] ^= (uint8_t)(1u << draft_below(d, 8));
}

static void
mutate_set_byte(struct draft *d)
{
	static const uint8_t odd[] = {0, 1, 0x1f, 0x20, '"', '\\', '\n', '0', 0x7f,
	    0x80, 0x90, 0xa0, 0xc0, 0xc1, 0xc4, 0xc7, 0xd9, 0xdc, 0xdd, 0xde, 0xdf,
	    0xe0, 0xff};
	uint8_t byte = draft_below(d, 2) ? odd[draft_below(d, sizeof odd)]
					 : (uint8_t)t_random(d->state);

	if (d->n)
		d->p[draft_below(d, d->n)] = byte;
}

static void
mutate_truncate(struct draft *d)
{
	d->n = draft_place(d);
}

static void
mutate_delete(struct draft *d)
{
	size_t at = draft_place(d);

	draft_delete(d, at, draft_below(d, 9));
}

static void
mutate_insert_noise(struct draft *d)
{
	size_t at = draft_place(d), n = draft_open(d, at, 1 + draft_below(d, 8));

	for (size_t i = 0; i < n; i++)
		d->p[at + i] = (uint8_t)t_random(d->state);
}

/* The same piece again, sometimes many times: depth and counts. */
static void
mutate_repeat(struct draft *d)
{
	uint8_t piece[16];
	size_t at = draft_place(d), n = 1 + draft_below(d, sizeof piece);
	size_t times = 1 + draft_below(d, draft_below(d, 4) ? 2 : 64);

	if (n > d->n - at)
		n = d->n - at;
	if (n)
		memcpy(piece, d->p + at, n);
	while (times-- > 0)
		draft_insert(d, at, piece, n);
}

/* The beginning of this one and the end of another. */
static void
mutate_splice(struct draft *d)
{
	struct span other = d->corpus->seeds[draft_below(d, d->corpus->n_seeds)];
	size_t from = draft_below(d, other.n + 1);

	d->n = draft_place(d);
	draft_insert(d, d->n, other.p + from, other.n - from);
}

static void
mutate_word(struct draft *d)
{
	if (d->corpus->n_words == 0)
		return;
	struct span word = d->corpus->words[draft_below(d, d->corpus->n_words)];
	size_t at = draft_place(d);
	if (draft_below(d, 2))
		draft_insert(d, at, word.p, word.n);
	else
		draft_overwrite(d, at, word.p, word.n);
}

/* A length or a count, big endian, of 1, 2, 4 or 8 bytes. */
static void
mutate_size_field(struct draft *d)
{
	static const uint64_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000,
	    0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX, UINT64_MAX - 1};
	uint64_t v = odd[draft_below(d, COUNT_OF(odd))];
	size_t width = (size_t)1 << draft_below(d, 4), at = draft_place(d);
	uint8_t bytes[8];

	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(v >> 8 * (width - 1 - i));
	draft_overwrite(d, at, bytes, width);
}

/* The first decimal number at or behind a place becomes another. */
static void
mutate_number(struct draft *d)
{
	static const char *const odd[] = {"0", "-1", "1e999", "007", "2147483648",
	    "9223372036854775807", "9223372036854775808", "18446744073709551616", "",
	    "99999999999999999999999999999", "0.1", "+1", "0x10"};
	const char *number = odd[draft_below(d, COUNT_OF(odd))];
	size_t at = draft_place(d), n = 0;

	while (at < d->n && (d->p[at] < '0' || d->p[at] > '9'))
		at++;
	while (at + n < d->n && d->p[at + n] >= '0' && d->p[at + n] <= '9')
		n++;
	if (n == 0)
		return;
	draft_delete(d, at, n);
	draft_insert(d, at, number, strlen(number));
}

static void (*const mutations[])(struct draft *) = {mutate_flip_bit, mutate_set_byte,
    mutate_truncate, mutate_delete, mutate_insert_noise, mutate_repeat, mutate_splice,
    mutate_word, mutate_size_field, mutate_number};

size_t
fuzz_mutate(
    const struct fuzz_corpus *c, uint64_t *state, uint8_t *out, size_t max_bytes)
{
	struct draft d = {.corpus = c, .state = state, .p = out, .room = max_bytes};
	struct span seed = c->seeds[draft_below(&d, c->n_seeds)];
	/* few changes mostly: many only make noise that the first check refuses */
	size_t left = 1 + draft_below(&d, 1 + draft_below(&d, 8));

	draft_insert(&d, 0, seed.p, seed.n);
	while (left-- > 0)
		mutations[draft_below(&d, COUNT_OF(mutations))](&d);
	return d.n;
}
