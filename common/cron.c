/*
 * cron.c: see cron.h. Fields are sets of bits; the next match is found by the first
 * field that does not fit, from the largest to the smallest.
 */
#include "cron.h"
#include "err.h"
#include <strings.h>

/* X(symbol, member, lowest, highest, what is wrong with it) */
#define CRON_FIELDS(X)                                                                 \
	X(SECOND, 0, 59, "the seconds are not a list of 0-59")                         \
	X(MINUTE, 0, 59, "the minutes are not a list of 0-59")                         \
	X(HOUR, 0, 23, "the hours are not a list of 0-23")                             \
	X(DAY, 1, 31, "the days of the month are not a list of 1-31")                  \
	X(MONTH, 1, 12, "the months are not a list of 1-12 or JAN-DEC")                \
	X(WEEKDAY, 0, 7, "the weekdays are not a list of 0-7 or SUN-SAT")
enum cron_name {
#define X(sym, low, high, why) CRON_##sym,
	CRON_FIELDS(X)
#undef X
	    CRON_FIELD_COUNT
};

struct cron_field {
	int low, high;
	const char *why;
};
static const struct cron_field cron_fields[] = {
#define X(sym, low, high, why) {low, high, why},
    CRON_FIELDS(X)
#undef X
};

static const char cron_months[][4] = {
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char cron_weekdays[][4] = {
    "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

static const struct cron_nick {
	const char *name, *fields;
} cron_nicks[] = {
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* --- the calendar --- */

static int64_t
cron_floor(int64_t a, int64_t by)
{
	return a / by - (a % by < 0);
}

/* Years begin in March here, so that the leap day is the last one. */
int64_t
cron_day_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), m = (month + 9) % 12;

	return y * 365 + cron_floor(y, 4) - cron_floor(y, 100) + cron_floor(y, 400) +
	       (m * 153 + 2) / 5 + day - 1 - 719468;
}

void
cron_date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468, era = cron_floor(z, 146097);
	int64_t left = z - era * 146097;
	int64_t y = (left - left / 1460 + left / 36524 - left / 146096) / 365;
	int64_t in_year = left - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	*day = (int)(in_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

int
cron_month_days(int64_t year, int month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return 28 + leap;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* --- reading --- */

static struct span
cron_word(struct span *text, const char *separators)
{
	size_t n = 0;

	while (n < text->n && !memchr(separators, text->p[n], strlen(separators)))
		n++;
	struct span word = span_of(text->p, n);
	*text = span_of(text->p + n, text->n - n);
	return word;
}

static void
cron_skip_blanks(struct span *text)
{
	while (text->n && (*text->p == ' ' || *text->p == '\t'))
		*text = span_of(text->p + 1, text->n - 1);
}

static int
cron_name_of(const char (*names)[4], int n, struct span word)
{
	for (int i = 0; i < n; i++)
		if (word.n == 3 && strncasecmp(names[i], (const char *)word.p, 3) == 0)
			return i;
	return -1;
}

/* A number, or a name of that field. -1: neither. */
static int
cron_number(enum cron_name field, struct span word)
{
	int v = 0, at = -1;

	if (field == CRON_MONTH && (at = cron_name_of(cron_months, 12, word)) >= 0)
		return at + 1;
	if (field == CRON_WEEKDAY && (at = cron_name_of(cron_weekdays, 7, word)) >= 0)
		return at;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9' || i > 3)
			return -1;
		v = v * 10 + (word.p[i] - '0');
	}
	return word.n ? v : -1;
}

/* "*", "5", "1-5", each with "/2" behind it or not. A lone number with a step goes on
 * to the end of the field. */
static bool
cron_part(enum cron_name field, struct span part, uint64_t *bits)
{
	const struct cron_field *f = &cron_fields[field];
	struct span range = cron_word(&part, "/"), rest = range;
	int step = 1, low = f->low, high = f->high;
	bool stepped = part.n > 0;

	if (stepped)
		step = cron_number(CRON_SECOND, span_of(part.p + 1, part.n - 1));
	if (!span_is(range, "*")) {
		low = high = cron_number(field, cron_word(&rest, "-"));
		if (rest.n)
			high = cron_number(field, span_of(rest.p + 1, rest.n - 1));
		else if (stepped)
			high = f->high;
		/* SAT-SUN: Sunday is 7 at the end of a range */
		if (field == CRON_WEEKDAY && rest.n && high == 0 && low > 0)
			high = 7;
	} else if (field == CRON_WEEKDAY) {
		high = 6;
	}
	if (low < f->low || high > f->high || low > high || step < 1 || step > f->high)
		return false;
	for (int v = low; v <= high; v += step)
		*bits |= 1ULL << v;
	return true;
}

static bool
cron_set(enum cron_name field, struct span list, uint64_t *bits)
{
	*bits = 0;
	for (;;) {
		if (!cron_part(field, cron_word(&list, ","), bits))
			return false;
		if (!list.n)
			break;
		list = span_of(list.p + 1, list.n - 1);
	}
	if (field == CRON_WEEKDAY && *bits & 1 << 7)
		*bits = (*bits | 1) & 0x7f;
	return true;
}

/* Up to as many words as there are fields; how many there are. */
static size_t
cron_split(struct span text, struct span word[CRON_FIELD_COUNT])
{
	size_t n = 0;

	for (cron_skip_blanks(&text); text.n; cron_skip_blanks(&text)) {
		struct span w = cron_word(&text, " \t");
		if (n < CRON_FIELD_COUNT)
			word[n] = w;
		n++;
	}
	return n;
}

/* Whether there is a day at all: the 30th of February is none. When either day field
 * will do there is, because weekdays come round everywhere. */
static bool
cron_has_day(const struct cron *c)
{
	bool has = c->either;

	for (int month = 1; month <= 12 && !has; month++)
		if (c->month & 1U << month) /* in a leap year */
			has = c->day & ((2ULL << cron_month_days(2000, month)) - 1);
	return has;
}

static struct span
cron_unnick(struct span text)
{
	struct span word;

	cron_skip_blanks(&text);
	struct span rest = text;
	word = cron_word(&rest, " \t");
	cron_skip_blanks(&rest);
	for (size_t i = 0; rest.n == 0 && i < COUNT_OF(cron_nicks); i++)
		if (span_is(word, cron_nicks[i].name))
			return span_str(cron_nicks[i].fields);
	return text;
}

int
cron_parse(struct span text, struct cron *out, const char **why)
{
	struct span word[CRON_FIELD_COUNT];
	uint64_t set[CRON_FIELD_COUNT] = {1};

	*why = "it has not 5 or 6 fields, and is no @daily, @hourly, @weekly, @monthly "
	       "or @yearly";
	if (text.n > CRON_TEXT_MAX)
		return -ERR_MALFORMED;
	size_t n = cron_split(cron_unnick(text), word);
	if (n != 5 && n != 6)
		return -ERR_MALFORMED;
	size_t first = CRON_FIELD_COUNT - n;
	for (size_t i = first; i < CRON_FIELD_COUNT; i++) {
		*why = cron_fields[i].why;
		if (!cron_set((enum cron_name)i, word[i - first], &set[i]))
			return -ERR_MALFORMED;
	}
	*out = (struct cron){.second = set[CRON_SECOND],
	    .minute = set[CRON_MINUTE],
	    .hour = (uint32_t)set[CRON_HOUR],
	    .day = (uint32_t)set[CRON_DAY],
	    .month = (uint32_t)set[CRON_MONTH],
	    .weekday = (uint32_t)set[CRON_WEEKDAY],
	    .either = word[CRON_DAY - first].p[0] != '*' &&
		      word[CRON_WEEKDAY - first].p[0] != '*'};
	*why = "no day of any year matches it";
	return cron_has_day(out) ? 0 : -ERR_RANGE;
}

/* --- the next match --- */

static bool
cron_day_fits(const struct cron *c, int64_t days, int day)
{
	int weekday = (int)(((days + 4) % 7 + 7) % 7);
	bool by_day = c->day & 1U << day, by_weekday = c->weekday & 1U << weekday;

	return c->either ? by_day || by_weekday : by_day && by_weekday;
}

/* The first day from that one on that matches. */
static int64_t
cron_next_day(const struct cron *c, int64_t days)
{
	int64_t year;
	int month, day;

	for (;;) {
		cron_date_of(days, &year, &month, &day);
		int length = cron_month_days(year, month);
		if (c->month & 1U << month) {
			for (; day <= length; day++, days++)
				if (cron_day_fits(c, days, day))
					return days;
		} else {
			days += length - day + 1;
		}
	}
}

/* The lowest member from v on; -1: none. */
static int
cron_member(uint64_t set, int v)
{
	uint64_t left = v < 64 ? set >> v << v : 0;

	return left ? __builtin_ctzll(left) : -1;
}

/* The first second of the day from that one on that matches; -1: none. */
static int
cron_next_second(const struct cron *c, int of_day)
{
	int hour = of_day / 3600, minute = of_day / 60 % 60, second = of_day % 60;
	int h, m, s;

	h = cron_member(c->hour, hour);
	if (h == hour) {
		m = cron_member(c->minute, minute);
		if (m == minute && (s = cron_member(c->second, second)) >= 0)
			return h * 3600 + m * 60 + s;
		m = cron_member(c->minute, minute + 1);
		if (m >= 0)
			return h * 3600 + m * 60 + cron_member(c->second, 0);
		h = cron_member(c->hour, hour + 1);
	}
	if (h < 0)
		return -1;
	return h * 3600 + cron_member(c->minute, 0) * 60 + cron_member(c->second, 0);
}

int64_t
cron_next(const struct cron *c, int64_t after_s)
{
	int64_t days = cron_floor(after_s + 1, S_PER_DAY);
	int of_day = (int)(after_s + 1 - days * S_PER_DAY), s = -1;
	int64_t day = cron_next_day(c, days);

	if (day == days)
		s = cron_next_second(c, of_day);
	if (day == days && s < 0)
		day = cron_next_day(c, days + 1);
	if (s < 0)
		s = cron_next_second(c, 0);
	return day * S_PER_DAY + s;
}
