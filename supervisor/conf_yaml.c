/*
 * conf_yaml.c: YAML text into a tree of values with their places. The only file that
 * knows libyaml; it knows no config key. What is YAML but has no place in a config file
 * (anchors, tags, several documents) is refused here.
 *
 * After a syntax error no event comes any more; what was read before it stays, so that
 * its problems are told too.
 */
#include "conf_read.h"
#include <stdlib.h>
#include <yaml.h>

#define NODES_MAX 100000
#define DEPTH_MAX 32

struct yaml {
	yaml_parser_t parser;
	yaml_event_t ev;
	struct conf_read *r;
	struct conf_node *root,
	    *open; /* open: the innermost list or mapping that goes on */
	int depth, nodes;
};

static struct conf_mark
mark_of(yaml_mark_t m)
{
	return (struct conf_mark){(int)m.line + 1, (int)m.column + 1};
}

/* Counts lines up to a byte: invalid UTF-8 comes with an offset only. */
static struct conf_mark
mark_of_offset(struct span text, size_t offset)
{
	struct conf_mark at = {1, 1};

	for (size_t i = 0; i < offset && i < text.n; i++) {
		at.column++;
		if (text.p[i] == '\n')
			at = (struct conf_mark){at.line + 1, 1};
	}
	return at;
}

/* libyaml allows tabs within braces, mostly; where it does not, it may say so only by
 * the place. */
static bool
is_about_tab(struct span text, const yaml_parser_t *p)
{
	size_t line = p->problem_mark.line, i = 0;

	if (strstr(p->problem, "tab character"))
		return true;
	if (!strstr(p->problem, "cannot start any token"))
		return false;
	for (; line > 0 && i < text.n; i++)
		line -= text.p[i] == '\n';
	for (; i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'); i++)
		if (text.p[i] == '\t')
			return true;
	return false;
}

/* No event comes any more. */
static void
yaml_stop(struct yaml *y)
{
	yaml_event_delete(&y->ev);
	y->r->broken = true;
}

static void
yaml_broke(struct yaml *y)
{
	yaml_parser_t *p = &y->parser;
	struct conf_read *r = y->r;
	struct conf_mark at = mark_of(p->problem_mark);

	yaml_stop(y);
	if (p->error == YAML_MEMORY_ERROR)
		conf_blame(r, at, "out of memory");
	else if (p->error == YAML_READER_ERROR)
		conf_blame(r, mark_of_offset(r->text, p->problem_offset),
		    "not a text in UTF-8: %s: expected YAML", p->problem);
	else if (is_about_tab(r->text, p))
		conf_blame(r, at,
		    "a tab is used to indent: YAML allows only spaces there: replace "
		    "it by "
		    "spaces");
	else if (p->context)
		conf_blame(r, at, "broken YAML: %s %s that begins at line %d",
		    p->problem, p->context, (int)p->context_mark.line + 1);
	else
		conf_blame(r, at, "broken YAML: %s", p->problem);
}

static void
yaml_next(struct yaml *y)
{
	yaml_event_delete(&y->ev);
	if (!y->r->broken && !yaml_parser_parse(&y->parser, &y->ev))
		yaml_broke(y);
}

static void
refuse_anchor(struct yaml *y, struct conf_mark at, const yaml_char_t *anchor)
{
	if (anchor)
		conf_blame(y->r, at,
		    "an anchor (&%.40s): anchors and aliases are not used here: write "
		    "the "
		    "value itself",
		    (const char *)anchor);
}

/* The types are the keys' business: YAML's own tags change nothing, others would
 * promise something. */
static void
refuse_tag(struct yaml *y, struct conf_mark at, const yaml_char_t *tag)
{
	static const char standard[] = "tag:yaml.org,2002:";
	const char *text = (const char *)tag;

	if (text && strcmp(text, "!") != 0 &&
	    strncmp(text, standard, sizeof standard - 1) != 0)
		conf_blame(
		    y->r, at, "a tag (%.40s): tags are not used here: remove it", text);
}

static struct conf_node *
node_add(struct yaml *y, enum conf_node_kind kind)
{
	struct conf_node *n = xcalloc(1, sizeof *n);

	n->kind = kind;
	n->at = mark_of(y->ev.start_mark);
	n->parent = y->open;
	if (!y->open)
		y->root = n;
	else if (y->open->last)
		y->open->last->next = n;
	else
		y->open->first = n;
	if (y->open)
		y->open->last = n;
	if (++y->nodes == NODES_MAX) {
		conf_blame(y->r, n->at, "more than %d values: no config has so many",
		    NODES_MAX);
		yaml_stop(y);
	}
	return n;
}

static void
node_open(struct yaml *y, struct conf_node *n)
{
	y->open = n;
	if (++y->depth > DEPTH_MAX && !y->r->broken) {
		conf_blame(y->r, n->at, "nested deeper than %d levels", DEPTH_MAX);
		yaml_stop(y);
	}
}

static void
take_scalar(struct yaml *y)
{
	struct conf_node *n = node_add(y, NODE_TEXT);

	if (y->r->broken)
		return;
	refuse_anchor(y, n->at, y->ev.data.scalar.anchor);
	refuse_tag(y, n->at, y->ev.data.scalar.tag);
	n->n = y->ev.data.scalar.length;
	n->text = xcalloc(1, n->n + 1);
	memcpy(n->text, y->ev.data.scalar.value, n->n);
	n->plain = y->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void
take_list(struct yaml *y)
{
	struct conf_node *n = node_add(y, NODE_LIST);

	if (y->r->broken)
		return;
	refuse_anchor(y, n->at, y->ev.data.sequence_start.anchor);
	refuse_tag(y, n->at, y->ev.data.sequence_start.tag);
	node_open(y, n);
}

static void
take_mapping(struct yaml *y)
{
	struct conf_node *n = node_add(y, NODE_MAP);

	if (y->r->broken)
		return;
	refuse_anchor(y, n->at, y->ev.data.mapping_start.anchor);
	refuse_tag(y, n->at, y->ev.data.mapping_start.tag);
	node_open(y, n);
}

static void
take_end(struct yaml *y)
{
	y->open = y->open->parent;
	y->depth--;
}

/* One document's values, up to its end. */
static void
take_document(struct yaml *y)
{
	for (yaml_next(y); !y->r->broken; yaml_next(y))
		switch (y->ev.type) {
		case YAML_SCALAR_EVENT: take_scalar(y); break;
		case YAML_ALIAS_EVENT: node_add(y, NODE_ALIAS); break;
		case YAML_SEQUENCE_START_EVENT: take_list(y); break;
		case YAML_MAPPING_START_EVENT: take_mapping(y); break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT: take_end(y); break;
		default: return;
		}
}

struct conf_node *
conf_yaml_read(struct conf_read *r)
{
	struct yaml y = {.r = r};

	if (!yaml_parser_initialize(&y.parser)) {
		r->broken = true;
		conf_blame(r, (struct conf_mark){1, 1}, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&y.parser, r->text.p, r->text.n);
	yaml_next(&y); /* the stream begins */
	yaml_next(&y); /* the document begins */
	if (y.ev.type == YAML_DOCUMENT_START_EVENT)
		take_document(&y);
	yaml_next(&y);
	if (y.ev.type == YAML_DOCUMENT_START_EVENT)
		conf_blame(r, mark_of(y.ev.start_mark),
		    "a second document begins here: expected one: remove the ---");
	yaml_event_delete(&y.ev);
	yaml_parser_delete(&y.parser);
	return y.root;
}

void
conf_node_free(struct conf_node *n)
{
	struct conf_node *next;

	for (; n; n = next) { /* as deep as DEPTH_MAX at most */
		next = n->next;
		conf_node_free(n->first);
		free(n->text);
		free(n);
	}
}
