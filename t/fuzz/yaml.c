/*
 * yaml.c: the fuzz target of the config file: what is accepted can be shown, and what
 * is shown is accepted again and shows the same.
 */
#include "fuzz.h"
#include "../../supervisor/conf.h"

static const struct span words[] = {FUZZ_WORD("apps:\n  - id: a\n    handlers: /\n"),
    FUZZ_WORD("workers: "), FUZZ_WORD("{"), FUZZ_WORD("}"), FUZZ_WORD("["),
    FUZZ_WORD("]"), FUZZ_WORD(": "), FUZZ_WORD("- "), FUZZ_WORD("? "),
    FUZZ_WORD("\n  "), FUZZ_WORD("\n\t"), FUZZ_WORD("---\n"), FUZZ_WORD("...\n"),
    FUZZ_WORD("&a "), FUZZ_WORD("*a"), FUZZ_WORD("!!str "), FUZZ_WORD("!x "),
    FUZZ_WORD("|\n"), FUZZ_WORD(">-\n"), FUZZ_WORD("\"\\x00\""), FUZZ_WORD("<<: "),
    FUZZ_WORD("~"), FUZZ_WORD("%YAML 1.1\n"),
    FUZZ_WORD("keys: {master: {file: /etc/hostname}}"), FUZZ_WORD("slots: 1\n"),
    FUZZ_WORD("lowPriorityThreshold: 0.8"), FUZZ_WORD("99999999999999999999"),
    FUZZ_WORD("1h30m"), FUZZ_WORD("256M"), FUZZ_WORD("\xff"), FUZZ_WORD("\xef\xbb\xbf"),
    FUZZ_WORD("\xc3\xa9"), FUZZ_WORD("listen: http://[::1]:1\n")};

/* A problem is one line, and begins with the place. */
static void
tell(const char *text, bool notice, void *arg)
{
	size_t *problems = arg;

	OK(strncmp(text, "f:", 2) == 0);
	OK(!strchr(text, '\n'));
	*problems += !notice;
}

static struct conf *
parse(struct span text)
{
	size_t problems = 0;
	struct conf *conf = conf_parse(text, "f", tell, &problems);

	OK(!conf == (problems > 0));
	return conf;
}

static void
target(struct span input)
{
	struct conf *conf = parse(input), *again;
	struct buf first, second;

	if (!conf)
		return;
	buf_init(&first, 0);
	buf_init(&second, 0);
	EQ_INT(conf_dump(conf, &first), 0);
	again = parse(buf_span(&first));
	OK(again);
	EQ_INT(conf_dump(again, &second), 0);
	EQ_STR(buf_cstr(&second), buf_cstr(&first));
	conf_free(again);
	conf_free(conf);
	buf_fini(&first);
	buf_fini(&second);
}

int
main(int argc, char **argv)
{
	static const struct fuzz f = {.name = "yaml",
	    .target = target,
	    .words = words,
	    .n_words = COUNT_OF(words)};

	return fuzz_main(argc, argv, &f);
}
