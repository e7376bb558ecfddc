/* deferctl's picture: it fits what it is given, letters say what colours say. */
#include "../../supervisor/deferctl.h"
#include "t.h"
#include <stdio.h>

static struct model model;
static struct buf out;

static void
begin(size_t workers)
{
	static const char cells[] = {CELL_MAIN, CELL_LOW, CELL_IDLE, CELL_STARTING,
	    CELL_CLOSING, CELL_NONE, CELL_BUSY};

	model_init(&model);
	buf_init(&out, 0);
	snprintf(model.version, sizeof model.version, "1.2.3");
	snprintf(model.phase, sizeof model.phase, "running");
	model.capacity = 20;
	model.low_limit = 16;
	model.uptime_ms = 61000;
	model.lane[0] = (struct model_lane){.name = "main", .leased = 4, .limit = 20};
	model.lane[1] = (struct model_lane){
	    .name = "low", .queued = 1000000, .leased = 16, .limit = 16};
	model.worker_n = workers;
	model.worker = xcalloc(workers + 1, sizeof *model.worker);
	for (size_t i = 0; i < workers; i++)
		model.worker[i] =
		    (struct model_worker){(int)i + 1, cells[i % COUNT_OF(cells)], ""};
}

static void
end(void)
{
	model_fini(&model);
	buf_fini(&out);
}

static const char *
draw(int columns, int rows, bool colour, bool live)
{
	struct draw_size size = {columns, rows, colour, false, live};

	buf_reset(&out);
	draw_picture(&out, &model, &size);
	return buf_cstr(&out);
}

/* The longest line, in characters, without its control codes; *lines counts them. */
static size_t
widest(const char *s, int *lines)
{
	size_t max = 0, n = 0;

	*lines = 0;
	for (; *s; s++) {
		if (*s == '\033') {
			s += strcspn(s, "mK");
		} else if (*s == '\n') {
			max = n > max ? n : max;
			n = 0;
			++*lines;
		} else if (*s != '\r') {
			n += (*s & 0xc0) != 0x80;
		}
	}
	return max;
}

static void
t_plain(void)
{
	const char *s;

	begin(20);
	s = draw(80, 0, false, false);
	OK(strstr(s, "deferd 1.2.3  pid 0  running  up 1m01s"));
	OK(strstr(s, "main [#######-------------------------]   4/20"));
	OK(strstr(
	    s, "low  [#########################|#------]  16/16  queued 1000000"));
	OK(strstr(s, "\n   1 ML.scx!ML. scx!ML.scx\n"));
	OK(strstr(s, "M main  L low  . idle"));
	OK(!strchr(s, '\033') && !strchr(s, '\r'));
	OK(strstr(s, "rate [                                ]  most: queued 0"));
	for (int i = 0; i < 40; i++)
		model.rates.value[i % MODEL_SPARKS] = i < 39 ? 50 : 100;
	model.rates.n = MODEL_SPARKS;
	model.rates.next = 40 % MODEL_SPARKS;
	model.queued_max = 9;
	model.full_times = 2;
	model.lane[1].paused = true;
	s = draw(80, 0, false, false);
	OK(strstr(s, "rate [===============================#]  most: queued 9"));
	OK(strstr(s, "no free slot: 2 times"));
	OK(strstr(s, "paused"));
	model.rate = 12.34;
	OK(strstr(draw(80, 0, false, false), "12.3 tasks/s"));
	snprintf(model.not_ready, sizeof model.not_ready, "no worker is ready");
	OK(strstr(draw(80, 0, false, false), "\nnot ready: no worker is ready\n"));
	end();
}

static void
t_fits(void)
{
	static const int columns[] = {20, 40, 80, 81, 132, 300},
			 rows[] = {1, 2, 5, 9, 24, 60};
	static const size_t workers[] = {0, 1, 20, 200, 4096};
	int lines;

	for (size_t w = 0; w < COUNT_OF(workers); w++) {
		begin(workers[w]);
		for (int i = 0; i < MODEL_LINES; i++)
			snprintf(model.line[i], MODEL_TEXT, "event %d \xc3\xa9%.*s", i,
			    200,
			    "a long line that goes on and on and on and on and on and "
			    "on and on and on");
		model.line_n = MODEL_LINES;
		for (size_t c = 0; c < COUNT_OF(columns); c++)
			for (size_t r = 0; r < COUNT_OF(rows); r++)
				for (int colour = 0; colour < 2; colour++) {
					const char *s =
					    draw(columns[c], rows[r], colour, true);

					OK(widest(s, &lines) <= (size_t)columns[c]);
					OK(lines <= rows[r]);
				}
		end();
	}
}

/* 200 workers and the last events fit an 80x24 terminal. */
static void
t_two_hundred(void)
{
	const char *s;
	int lines;

	begin(200);
	for (int i = 0; i < MODEL_LINES; i++)
		snprintf(model.line[i], MODEL_TEXT, "event %d", i);
	model.line_n = MODEL_LINES;
	s = draw(80, 23, true, true);
	OK(widest(s, &lines) <= 80);
	OK(lines <= 23);
	OK(strstr(s, "burst over 1 s"));
	OK(strstr(s, "event 7"));
	s = draw(80, 12, false, true); /* the newest stay */
	OK(!strstr(s, "event 0"));
	end();
}

/* No daemon makes a picture that breaks: zeros, and more than fits. */
static void
t_odd_numbers(void)
{
	int lines;

	begin(0);
	memset(model.lane, 0, sizeof model.lane);
	model.capacity = 0;
	OK(widest(draw(80, 24, true, true), &lines) <= 80);
	model.capacity = 1;
	model.lane[0].leased = 1000000000;
	model.lane[0].limit = -5;
	model.lane[1].limit = 1LL << 40;
	OK(widest(draw(80, 24, true, true), &lines) <= 80);
	end();
}

static void
t_events(void)
{
	static const char death[] = "{\"seq\":1,\"at\":\"2026-11-21T10:00:00.123Z\","
				    "\"event\":\"death\",\"worker\":3,"
				    "\"text\":\"worker 3:\\n\\u001b[31mkilled\"}";

	begin(1);
	model_event(&model, span_str("{\"seq\":1,\"event\":\"lease\"}"));
	model_event(&model, span_str("not json"));
	model_event(&model, span_str("[]"));
	EQ_INT((int)model.line_n, 0);
	model_event(&model, span_str(death));
	EQ_INT((int)model.line_n, 1);
	EQ_STR(model.line[0], "10:00:00 death  worker 3:  [31mkilled");
	for (int i = 0; i < 20; i++)
		model_event(&model, span_str("{\"event\":\"drain\"}"));
	EQ_INT((int)model.line_n, MODEL_LINES);
	end();
}

TESTS(TEST(plain), TEST(fits), TEST(two_hundred), TEST(odd_numbers), TEST(events))
