/* slots.t.c: the worker's tables: codes that are never mistaken, and the catalogue. */
#include "t.h"
#include "../../worker/catalog.h"
#include "../../worker/similar.h"
#include "../../worker/slots.h"
#include "../../worker/text.h"

static void
t_similar(void)
{
	static const struct {
		const char *a, *b;
		unsigned edits;
	} pair[] = {{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"same", "same", 0},
	    {"lenght", "length", 1}, {"parms", "params", 1}, {"abc", "xabcy", 2},
	    {"kitten", "sitting", 3}, {"abcd", "badc", 2}, {"ab", "ca", 2}};
	struct similar s;

	for (size_t i = 0; i < COUNT_OF(pair); i++) {
		struct span a = span_str(pair[i].a), b = span_str(pair[i].b);
		EQ_INT(similar_edits(a, b, 9), pair[i].edits);
		EQ_INT(similar_edits(b, a, 9), pair[i].edits);
		if (pair[i].edits > 1)
			EQ_INT(similar_edits(a, b, 1), 2);
	}
	similar_init(&s, span_str("foo"));
	similar_try(&s, span_str("bar"));
	EQ_STR(s.best, "");
	similar_try(&s, span_str("fooo"));
	similar_try(&s, span_str("_foo"));
	similar_try(&s, span_str("foooooooooooooooooooooooooooooooooooooooooooooooo"));
	EQ_STR(s.best, "fooo");
	similar_init(&s, span_str("a-name-that-is-much-too-long-to-be-compared-with"));
	similar_try(&s, span_str("a-name-that-is-much-too-long-to-be-compared"));
	EQ_STR(s.best, "");
}

static void
t_codes_are_not_reused(void)
{
	struct slots s;
	int a, b;

	slots_init(&s);
	int64_t one = slots_put(&s, &a);
	OK(one > 0 && slots_get(&s, one) == &a);
	slots_del(&s, one);
	OK(slots_get(&s, one) == NULL);
	int64_t two = slots_put(&s, &b);
	OK(two != one && slots_get(&s, two) == &b && slots_get(&s, one) == NULL);
	slots_del(&s, one);
	OK(slots_get(&s, two) == &b);
	OK(slots_get(&s, 0) == NULL && slots_get(&s, -5) == NULL);
	OK(slots_get(&s, INT64_MAX) == NULL);
	EQ_INT(s.n, 1);
	slots_fini(&s);
}

/* Random puts and deletes against a plain array of what must be there. */
static void
t_against_a_model(void)
{
	enum { CODES = 5000 };
	static int64_t code[CODES];
	static bool there[CODES];
	static int item[CODES];
	uint64_t seed = t_seed();
	struct slots s;
	size_t n = 0, used = 0;

	slots_init(&s);
	for (int step = 0; step < 100000; step++) {
		size_t i = used ? t_below(&seed, used) : 0;
		if (used < CODES && (used == 0 || t_below(&seed, 3) == 0)) {
			code[used] = slots_put(&s, &item[used]);
			there[used++] = true;
			n++;
		} else if (t_below(&seed, 2)) {
			slots_del(&s, code[i]);
			n -= there[i];
			there[i] = false;
		}
		OK(slots_get(&s, code[i]) == (there[i] ? &item[i] : NULL));
		EQ_INT(s.n, n);
	}
	slots_fini(&s);
}

static void
t_catalogue(void)
{
	struct catalog c;

	catalog_init(&c);
	catalog_add(&c, KIND_EVENT, span_str("a"), "x.rb:1");
	catalog_add(&c, KIND_FUNCTION, span_str("ab"), "x.rb:2");
	catalog_add(&c, KIND_SERVICE, span_str("S/m"), "x.rb:3");
	catalog_add(&c, KIND_ROUTE, span_str("S GET /"), "x.rb:4");
	struct handler *again = catalog_add(&c, KIND_EVENT, span_str("a"), "y.rb:5");
	OK(catalog_find(&c, KIND_EVENT, span_str("a")) == NULL);
	catalog_close(&c);
	EQ_INT(c.n, 4);
	EQ_INT(again->index, 0);
	EQ_STR(again->place, "y.rb:5");
	EQ_INT(c.warning_n, 1);
	EQ_STR(c.warning[0].text,
	    "event \"a\" is registered again: this one replaces the one at x.rb:1");
	OK(catalog_find(&c, KIND_ANY, span_str("a")) == again);
	OK(catalog_find(&c, KIND_FUNCTION, span_str("a")) == NULL);
	OK(catalog_find(&c, KIND_ANY, span_str("S/m"))->kind == KIND_SERVICE);
	OK(catalog_find(&c, KIND_ANY, span_str("S GET /")) == NULL);
	OK(catalog_find(&c, KIND_ROUTE, span_str("S GET /")) != NULL);
	catalog_add(&c, KIND_FUNCTION, span_str("a"), "z.rb:1");
	catalog_close(&c);
	OK(catalog_find(&c, KIND_ANY, span_str("a"))->kind == KIND_FUNCTION);
	catalog_fini(&c);
}

static void
t_text(void)
{
	static const struct {
		const char *in;
		size_t max;
		const char *want;
	} row[] = {{"plain", 10, "plain"}, {"\xff", 10, "?"},
	    {"a\xc3z\xa9", 10, "a?z?"}, {"0123456789", 8, "01234..."},
	    {"\xc3\xa9\xc3\xa9\xc3\xa9", 5, "\xc3\xa9..."},
	    {"\xc3\xa9\xc3\xa9\xc3\xa9", 6, "\xc3\xa9\xc3\xa9\xc3\xa9"}, {"", 5, ""}};
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		buf_reset(&b);
		text_add_clean(&b, span_str(row[i].in), row[i].max);
		EQ_STR(buf_cstr(&b), row[i].want);
	}
	buf_fini(&b);
}

TESTS(TEST(similar), TEST(codes_are_not_reused), TEST(against_a_model), TEST(catalogue),
    TEST(text))
