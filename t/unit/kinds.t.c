#include "t.h"
#include "../../common/err.h"
#include "../../common/kinds.h"

static void
t_names_kinds_both_ways(void)
{
	int n = 0;

#define X(sym, number, text)                                                           \
	EQ_STR(kind_name(KIND_##sym), text);                                           \
	EQ_INT(kind_parse(span_str(text)), KIND_##sym);                                \
	n++;
	KIND_TABLE(X)
#undef X
	OK(n >= 6);
	EQ_STR(kind_name(KIND_ANY), "?");
	EQ_STR(kind_name(KIND_END), "?");
	EQ_STR(kind_name((enum kind) - 1), "?");
	EQ_INT(kind_parse(span_str("Function")), KIND_ANY);
	EQ_INT(kind_parse(span_str("functio")), KIND_ANY);
	EQ_INT(kind_parse(SPAN_NONE), KIND_ANY);
}

static void
t_names_lanes_and_executions(void)
{
	EQ_STR(lane_text(LANE_MAIN), "main");
	EQ_STR(lane_text(LANE_LOW), "low");
	EQ_STR(lane_text(LANE_COUNT), "?");
	EQ_STR(execution_text(EXEC_SYNC), "sync");
	EQ_STR(execution_text(EXEC_ASYNC), "async");
	EQ_STR(execution_text(EXEC_LOW), "async-low-priority");
	EQ_STR(execution_text((enum execution)9), "?");
}

static void
t_reads_executions_loosely(void)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {{"sync", EXEC_SYNC}, {"SYNC", EXEC_SYNC}, {"Async", EXEC_ASYNC},
	    {"async-low-priority", EXEC_LOW}, {"asyncLowPriority", EXEC_LOW},
	    {"ASYNC_LOW_PRIORITY", EXEC_LOW}, {"_a-sync-", EXEC_ASYNC}, {"", -1},
	    {"-", -1}, {"low", -1}, {"asyncLow", -1}, {"async-low-priority-x", -1},
	    {"syn", -1}, {"sync ", -1}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum execution e = EXEC_SYNC;
		int want = rows[i].want;
		t_note("\"%s\"", rows[i].text);
		EQ_INT(execution_parse(span_str(rows[i].text), &e),
		    want < 0 ? -ERR_UNKNOWN : 0);
		OK(want < 0 || (int)e == want);
	}
	enum execution e;
	EQ_INT(execution_parse(span_of("sync\0", 5), &e), -ERR_UNKNOWN);
}

static void
t_names_errors(void)
{
	EQ_STR(err_name(ERR_NOMEM), "NOMEM");
	EQ_STR(err_name(-ERR_DENIED), "DENIED");
	EQ_STR(err_text(-ERR_TRUNCATED), "ends in the middle of a value");
	EQ_STR(err_name(ERR_COUNT), "?");
	EQ_STR(err_text(INT32_MIN), "?");
	for (int i = 0; i < ERR_COUNT; i++)
		OK(*err_name(i) && *err_name(i) != '?' && *err_text(-i));
}

TESTS(TEST(names_kinds_both_ways), TEST(names_lanes_and_executions),
    TEST(reads_executions_loosely), TEST(names_errors))
