/*
 * conf_t.h: what the tests of the config share: one config and what was told about it.
 */
#ifndef DEFERD_CONF_T_H
#define DEFERD_CONF_T_H

#include "../../supervisor/conf.h"
#include "t.h"

struct told {
	struct buf problems, notices;
};

static void
tell(const char *text, bool notice, void *arg)
{
	struct told *told = arg;
	struct buf *b = notice ? &told->notices : &told->problems;

	buf_add_str(b, text);
	buf_add_byte(b, '\n');
}

/* The one config of a test, and what was told; kept until the next call. */
static struct told told;
static struct conf *conf;

static void
forget(void)
{
	conf_free(conf);
	conf = NULL;
	buf_fini(&told.problems);
	buf_fini(&told.notices);
}

static struct conf *
parse(const char *text)
{
	forget();
	conf = conf_parse(span_str(text), "f", tell, &told);
	return conf;
}

#define APPS "apps:\n  - {id: demo, handlers: /, keys: {master: master-key}}\n"
#define MEM "store: {engine: memory}\n"

/* Each text has exactly these problems, in this order. */
struct problem_case {
	const char *text, *problems;
};

static void
check_cases(const struct problem_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct conf *c = parse(cases[i].text);
		if (strcmp(buf_cstr(&told.problems), cases[i].problems) != 0)
			t_fail(__FILE__, __LINE__,
			    "case %zu: %s\n#   told: %s# wanted: %s", i, cases[i].text,
			    buf_cstr(&told.problems), cases[i].problems);
		OK(!c == (*cases[i].problems != '\0'));
	}
	forget();
}

#endif
