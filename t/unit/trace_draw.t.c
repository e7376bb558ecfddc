/*
 * trace_draw.t.c: the picture of a task's time in characters, and in the forms that
 * other programs read.
 */
#include "trace_t.h"
#include "../../supervisor/sheet.h"
#include <jansson.h>

static const char *
drawn(void)
{
	static struct buf out;
	struct sheet s;

	buf_reset(&out);
	sheet_init(&s, &out, false);
	trace_draw(&tr, &s);
	EQ_INT(sheet_fini(&s), 0);
	return buf_cstr(&out);
}

static void
t_picture(void)
{
	begin(6);
	put(TRACE_BURST, 1, 0, 2, 2, 0, 0, 0, "");
	put_await(1, 2, 43, 2, TRACE_OK, 3);
	put_await(1, 43, 81, 4, TRACE_OK, 4);
	put(TRACE_AWAIT, 1, 81, 85, 89, 0, 0, 7, "2 deferreds");
	EQ_INT(read_it(89), 0);
	EQ_STR(drawn(),
	    "00000000-0000-0000-0000-000000000000, attempt 1: done\n"
	    "function slow of app demo\n"
	    "100ms from acceptance to end: waited 10ms, ran 89ms; Ruby 2.0ms in 1 "
	    "burst, the\n"
	    "  longest 2.0ms; after awaits the loop took 4.0ms\n"
	    "\n"
	    "                                          0                               "
	    "100ms\n"
	    "queue                               10ms |~~~~                            "
	    "     |\n"
	    "to the worker                      1.0ms |   ~~                           "
	    "     |\n"
	    "Ruby                               2.0ms |    #                           "
	    "     |\n"
	    "await Deferred.delay      a.rb:3    41ms |    ================            "
	    "     |\n"
	    "await Deferred.delay      a.rb:4    38ms |                   "
	    "================  |\n"
	    "await 2 deferreds         a.rb:7   8.0ms |                                "
	    "  =..|\n"
	    "\n"
	    "~ waits  # Ruby runs  = awaits  . its await is over, the loop not there "
	    "yet\n"
	    "\n"
	    "hint: these 2 awaits ran one after the other, 41ms + 38ms; Deferred.all "
	    "would\n"
	    "  take 41ms, if none needs the value of one before it: a.rb:3, a.rb:4\n");
}

static size_t
longest_line(const char *text)
{
	size_t longest = 0, n = 0;

	for (; *text; text++) {
		n = *text == '\n' ? 0 : n + ((*text & 0xc0) != 0x80);
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void
t_picture_is_80_columns_wide(void)
{
	static const char *const what[] = {"", "x",
	    "GET "
	    "example.com/a/very/long/path/that/does/not/end/so/soon?and=a&query=too",
	    "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
	    "\xc3\xa4"
	    "\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
	    "\xc3\xb6",
	    "a\x1b[31mb"};
	static const unsigned lines[] = {0, 1, 4000000000};

	for (size_t i = 0; i < COUNT_OF(what); i++)
		for (size_t j = 0; j < COUNT_OF(lines); j++) {
			begin(3);
			put(TRACE_WORK, 1, 0, 5, 5, 0, TRACE_OPEN, lines[j], what[i]);
			put(TRACE_AWAIT, 1, 4, 5, 6, 1, 0, lines[j], "");
			put(TRACE_BURST, 1, 0, 5, 5, 0, 0, lines[j], what[i]);
			EQ_INT(read_it(6), 0);
			EQ_INT(longest_line(drawn()), TRACE_COLUMNS);
			OK(!strchr(drawn(), '\x1b'));
		}
}

static void
t_picture_of_what_is_not_traced(void)
{
	begin(0);
	EQ_INT(read_it(50), 0);
	tr.why = NULL;
	tr.raw = SPAN_NONE;
	EQ_INT(trace_read(&tr), 0);
	OK(strstr(drawn(), "worker                              50ms |"));
	OK(strstr(drawn(), "are not known: it was not traced"));
	tr.wait_ns = tr.link_ns = tr.ran_ns = 0; /* refused as it came */
	OK(strstr(drawn(), "queue"));
}

static void
t_picture_after_a_long_wait(void)
{
	begin(1);
	put(TRACE_BURST, 1, 0, 10, 10, 0, 0, 0, "");
	EQ_INT(read_it(99), 0);
	tr.attempt = 2;
	tr.wait_ns = (int64_t)3600000 * MS;
	OK(strstr(drawn(), "until this attempt"));
	OK(strstr(drawn(), " 1h00m |~~~~~~~~~~~~~~~~~~~                  |\n"));
	OK(strstr(drawn(), " 10ms |                  ###                |\n"));
	EQ_INT(longest_line(drawn()), TRACE_COLUMNS);
}

static json_t *
exported(void (*put_form)(const struct trace *, struct jsonw *))
{
	struct buf out;
	struct jsonw w;

	buf_init(&out, 0);
	jsonw_init(&w, &out);
	jsonw_object(&w);
	put_form(&tr, &w);
	jsonw_end_object(&w);
	json_t *j = json_loadb((const char *)out.p, out.n, 0, NULL);
	buf_fini(&out);
	OK(j);
	return j;
}

static void
t_forms_for_other_programs(void)
{
	json_t *j, *e;

	begin(3);
	put_await(7, 2, 43, 1, TRACE_OK, 3);
	put(TRACE_BURST, 7, 43, 45, 45, 0, 0, 0, "");
	EQ_INT(read_it(45), 0);
	j = exported(trace_put_chrome);
	e = json_object_get(j, "traceEvents");
	EQ_INT(json_array_size(e), 6);
	e = json_array_get(e, 3); /* the work: it stands in a row of its own */
	EQ_STR(json_string_value(json_object_get(e, "name")), "Deferred.delay");
	EQ_INT(json_integer_value(json_object_get(e, "ts")), 1700000000000000 + 13000);
	OK(json_number_value(json_object_get(e, "dur")) == 41000);
	EQ_STR(json_string_value(json_object_get(json_object_get(e, "args"), "place")),
	    "a.rb:3");
	json_decref(j);

	j = exported(trace_put_otlp);
	e = json_array_get(json_object_get(j, "resourceSpans"), 0);
	e = json_array_get(json_object_get(e, "scopeSpans"), 0);
	e = json_object_get(e, "spans");
	EQ_INT(json_array_size(e), 6);
	OK(!json_object_get(json_array_get(e, 0), "parentSpanId"));
	e = json_array_get(e, 5);
	EQ_STR(
	    json_string_value(json_object_get(e, "parentSpanId")), "0000000000010001");
	EQ_STR(json_string_value(json_object_get(e, "spanId")), "0000000000010006");
	EQ_STR(json_string_value(json_object_get(e, "startTimeUnixNano")),
	    "1700000000054000000");
	EQ_STR(json_string_value(json_object_get(e, "endTimeUnixNano")),
	    "1700000000056000000");
	json_decref(j);

	j = exported(trace_put_json);
	EQ_INT(json_array_size(json_object_get(j, "spans")), 3);
	OK(json_number_value(json_object_get(j, "wait_ms")) == 10);
	OK(json_number_value(json_object_get(j, "ruby_ms")) == 2);
	json_decref(j);
}

TESTS(TEST(picture), TEST(picture_is_80_columns_wide),
    TEST(picture_of_what_is_not_traced), TEST(picture_after_a_long_wait),
    TEST(forms_for_other_programs))
