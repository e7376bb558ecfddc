/*
 * command.c: finds the command that a line's words mean, fills in its arguments, asks
 * for the level and runs it.
 */
#include "command.h"
#include "../common/err.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

const struct command command_table[] = {
#define COMMAND(syntax, level, handler, help, detail)                                  \
	{syntax, help, detail, LEVEL_##level, command_##handler},
#include "../common/command.def"
#undef COMMAND
};
const size_t command_count = COUNT_OF(command_table);

const char *
command_level_name(enum command_level level)
{
	static const char *const names[] = {"none", "view", "operate", "admin"};

	return names[level];
}

const char *
command_arg(const struct command_call *call, const char *name)
{
	for (size_t i = 0; i < call->arg_n; i++)
		if (span_is(call->arg[i].name, name))
			return call->arg[i].value;
	return NULL;
}

void
command_refuse(struct command_call *call, int code, const char *fmt, ...)
{
	va_list ap;

	call->code = code;
	va_start(ap, fmt);
	vsnprintf(call->refusal, sizeof call->refusal, fmt, ap);
	va_end(ap);
}

struct span
command_token(const char **syntax)
{
	const char *p = *syntax, *end;

	while (*p == ' ')
		p++;
	end = *p == '[' ? strchr(p, ']') + 1 : p + strcspn(p, " ");
	*syntax = end;
	return span_of(p, (size_t)(end - p));
}

/* The literal word at that place of the syntax; n 0 when there is none. */
static struct span
command_literal(const struct command *cmd, size_t at)
{
	const char *p = cmd->syntax;
	struct span t = command_token(&p);

	while (at-- > 0 && t.n > 0 && islower(t.p[0]))
		t = command_token(&p);
	return t.n > 0 && islower(t.p[0]) ? t : SPAN_NONE;
}

struct command_search {
	bool in[COMMANDS_MAX]; /* command_table[i] is still possible */
	size_t depth;          /* words that have been matched */
};

/* How many different words of this depth the text may stand for; an exact one counts
 * alone. *list gets them, comma-separated. */
static size_t
command_match(const struct command_search *s, const char *text, struct buf *list,
    struct span *hit)
{
	size_t n = 0;

	for (size_t i = 0; i < command_count; i++) {
		struct span w = command_literal(&command_table[i], s->depth);
		struct span before = SPAN_NONE;

		if (!s->in[i] || w.n == 0)
			continue;
		if (text && span_is(w, text)) {
			*hit = w;
			return 1;
		}
		if (text &&
		    (strlen(text) > w.n || memcmp(w.p, text, strlen(text)) != 0))
			continue;
		for (size_t j = 0; j < i && before.n == 0; j++)
			if (s->in[j] &&
			    span_eq(command_literal(&command_table[j], s->depth), w))
				before = w;
		if (before.n > 0)
			continue;
		buf_printf(list, "%s%.*s", n > 0 ? ", " : "", SPAN_FMT(w));
		*hit = w;
		n++;
	}
	return n;
}

/* "show ta" is ambiguous...: what was said, and how it may go on. */
static void
command_refuse_word(struct command_call *call, struct command_search *s,
    char *const *words, size_t n, size_t matches, struct buf *list)
{
	struct buf said;
	struct span hit;

	buf_init(&said, 512);
	for (size_t i = 0; i <= s->depth && i < n; i++)
		buf_printf(&said, "%s%.200s", i > 0 ? " " : "", words[i]);
	if (s->depth < n && matches > 1) {
		command_refuse(call, CODE_SYNTAX, "\"%s\" is ambiguous: it may be %s",
		    buf_cstr(&said), buf_cstr(list));
	} else {
		buf_reset(list);
		command_match(s, NULL, list, &hit);
		if (n == 0)
			command_refuse(call, CODE_SYNTAX,
			    "no command given; expected one of: %s", buf_cstr(list));
		else
			command_refuse(call, CODE_SYNTAX,
			    "\"%s\" is %s; expected one of: %s", buf_cstr(&said),
			    s->depth < n ? "unknown" : "incomplete", buf_cstr(list));
	}
	buf_fini(&said);
}

/* Narrows s word by word. The command, or NULL with the refusal made. */
static const struct command *
command_find(
    struct command_call *call, struct command_search *s, char *const *words, size_t n)
{
	struct buf list;
	const struct command *found = NULL;

	ASSERT(command_count <= COUNT_OF(s->in));
	buf_init(&list, 1024);
	for (size_t i = 0; i < command_count; i++)
		s->in[i] = true;
	for (s->depth = 0; !found; s->depth++) {
		struct span hit;
		size_t matches;

		buf_reset(&list);
		matches =
		    s->depth < n ? command_match(s, words[s->depth], &list, &hit) : 0;
		if (matches != 1) {
			command_refuse_word(call, s, words, n, matches, &list);
			break;
		}
		for (size_t i = 0; i < command_count; i++) {
			struct span w = command_literal(&command_table[i], s->depth);

			s->in[i] = s->in[i] && span_eq(w, hit);
			if (s->in[i] &&
			    command_literal(&command_table[i], s->depth + 1).n == 0)
				found = &command_table[i];
		}
	}
	buf_fini(&list);
	return found;
}

static void
command_refuse_syntax(struct command_call *call, const char *what, const char *word)
{
	command_refuse(call, CODE_SYNTAX, "%s%s%.200s%s; the syntax is: %s", what,
	    word ? " \"" : "", word ? word : "", word ? "\"" : "",
	    call->command->syntax);
}

static void
command_add_arg(struct command_call *call, struct span name, const char *value)
{
	ASSERT(call->arg_n < COMMAND_ARGS_MAX);
	call->arg[call->arg_n++] = (struct command_arg){name, value};
}

/* The option "[word ARG]" that the text is a unique prefix of. */
static bool
command_find_option(const char *syntax, const char *text, struct span *option)
{
	struct span t;
	size_t n = 0, len = strlen(text);

	while ((t = command_token(&syntax)).n > 0) {
		const uint8_t *space = memchr(t.p, ' ', t.n);
		struct span word;

		if (t.p[0] != '[' || !space)
			continue;
		word = span_of(t.p + 1, (size_t)(space - t.p) - 1);
		if (len > word.n || memcmp(word.p, text, len) != 0)
			continue;
		*option = word;
		n++;
	}
	return n == 1 && len > 0;
}

/* The words after the command's own: positional arguments, then options or the rest. */
static bool
command_take_args(struct command_call *call, char *const *words, size_t n)
{
	const char *p = call->command->syntax;
	struct span t, option = SPAN_NONE;
	size_t i = 0;

	while ((t = command_token(&p)).n > 0 && t.p[0] != '[') {
		if (islower(t.p[0]))
			continue;
		if (i == n) {
			command_refuse_syntax(call, "an argument is missing", NULL);
			return false;
		}
		command_add_arg(call, t, words[i++]);
	}
	if (t.n > 4 && memcmp(t.p + t.n - 4, "...]", 4) == 0) {
		call->rest = words + i;
		call->rest_n = n - i;
		return true;
	}
	for (; i < n; i += 2) {
		if (!command_find_option(call->command->syntax, words[i], &option))
			command_refuse_syntax(call, "unexpected word", words[i]);
		else if (i + 1 == n)
			command_refuse_syntax(
			    call, "a value is missing after", words[i]);
		for (size_t j = 0; j < call->arg_n && call->code == 0; j++)
			if (span_eq(call->arg[j].name, option))
				command_refuse_syntax(call, "given twice:", words[i]);
		if (call->code != 0)
			return false;
		command_add_arg(call, option, words[i + 1]);
	}
	return true;
}

/* The literal words alone: "show tasks" of "show tasks [state STATE]...". */
static struct span
command_name(const struct command *cmd)
{
	const char *p = cmd->syntax, *end = p;
	struct span t;

	while ((t = command_token(&p)).n > 0 && islower(t.p[0]))
		end = p;
	return span_of(cmd->syntax, (size_t)(end - cmd->syntax));
}

static void
command_dispatch(struct command_call *call, char *const *words, size_t n)
{
	struct command_search s;

	call->command = command_find(call, &s, words, n);
	if (!call->command || !command_take_args(call, words + s.depth, n - s.depth))
		return;
	if (call->level < call->command->level) {
		command_refuse(call, CODE_DENIED,
		    "%.*s needs the level %s; uid %ld has %s (control.viewGroup, "
		    "operateGroup and adminGroup give levels)",
		    SPAN_FMT(command_name(call->command)),
		    command_level_name(call->command->level), call->uid,
		    command_level_name(call->level));
		return;
	}
	call->code = CODE_OK;
	call->command->run(call);
}

static int
command_write_refusal(const struct command_call *call, struct buf *body)
{
	struct jsonw w;

	if (!call->json) {
		buf_printf(body, "%s\n", call->refusal);
	} else {
		jsonw_init(&w, body);
		jsonw_object(&w);
		jsonw_kint(&w, "schema", CTL_SCHEMA);
		jsonw_key(&w, "error");
		jsonw_object(&w);
		jsonw_kint(&w, "code", call->code);
		jsonw_kstr(&w, "message", call->refusal);
		jsonw_end_object(&w);
		jsonw_end_object(&w);
	}
	return body->failed ? -ERR_NOMEM : 0;
}

int
command_run_refusal(
    struct command_call *call, struct buf *body, int code, const char *text)
{
	command_refuse(call, code, "%s", text);
	return command_write_refusal(call, body);
}

/* Keeps the answer, or replaces it by the refusal, or takes it back. */
static int
command_finish(struct command_call *call, size_t was, struct buf *body)
{
	int rc = sheet_fini(&call->sheet);
	bool silent = call->wants_events || call->wait.poll;

	if (rc == 0 && call->code < 300 && !silent)
		return 0;
	body->n = was;
	if (call->code < 300 && silent)
		return 0;
	call->wait.poll = NULL;
	return rc ? rc : command_write_refusal(call, body);
}

int
command_run(struct command_call *call, char *const *words, size_t n, struct buf *body)
{
	size_t was = body->n;

	call->code = 0;
	call->wait.poll = NULL;
	call->json = n > 0 && strcmp(words[0], "-j") == 0;
	sheet_init(&call->sheet, body, call->json);
	command_dispatch(call, words + call->json, n - call->json);
	return command_finish(call, was, body);
}

int
command_poll(struct command_call *call, int64_t now_ms, struct buf *body)
{
	size_t was = body->n;

	call->code = CODE_OK;
	call->arg_n = call->rest_n = 0;
	sheet_init(&call->sheet, body, call->json);
	if (call->wait.poll(call, now_ms >= call->wait.until_ms))
		call->wait.poll = NULL;
	return command_finish(call, was, body);
}
