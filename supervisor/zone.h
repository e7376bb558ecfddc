/*
 * zone.h: time zones by name, from the system's TZif files (RFC 8536): what the clock on a
 * wall shows at an instant, and when it shows that. glibc knows one zone per process, so the
 * files are read here. Seconds since 1970: UTC for instants, civil (cron.h) for the wall.
 */
#ifndef DEFERD_ZONE_H
#define DEFERD_ZONE_H

#include "../common/buf.h"

#define ZONE_FILE_MAX (64 * 1024)
#define ZONE_NAME_MAX 64
#define ZONE_FOLDER "/usr/share/zoneinfo"

struct zone_date {
	enum { ZONE_DATE_JULIAN, ZONE_DATE_DAY, ZONE_DATE_WEEK } form; /* Jn, n, Mm.w.d */
	int month, week, day;
	int32_t time_s; /* civil time of that day; may lie outside it */
};

/* The footer: what holds after the last change of the table. */
struct zone_rule {
	bool there, has_dst;
	int32_t std_s, dst_s; /* east of Greenwich */
	struct zone_date begin, end; /* of daylight-saving time */
};

struct zone {
	struct zone_change {
		int64_t at_s;
		int32_t offset_s;
	} *change; /* owned; rising; each with another offset than the one before */
	size_t n;
	int32_t first_s; /* before the first change */
	struct zone_rule rule;
};

/* Takes a file's bytes apart; believes nothing. 0, -ERR_MALFORMED, -ERR_NOMEM, or
 * -ERR_RANGE: it counts leap seconds. After an error there is nothing to free. */
int zone_parse(struct zone *, struct span file) MUST_USE;
/* Reads /usr/share/zoneinfo/NAME (blocks, for a small file). "UTC" and "" need no file.
 * 0, -ERR_UNKNOWN (no such file, or no name of a zone), or zone_parse's. */
int zone_load(struct zone *, const char *name) MUST_USE;
void zone_fini(struct zone *);

/* The time between two changes. */
struct zone_period {
	int64_t begin_s, end_s; /* INT64_MIN, INT64_MAX: none */
	int32_t offset_s, before_s; /* east of Greenwich; before_s: before begin */
};
void zone_at(const struct zone *, int64_t utc_s, struct zone_period *);
/* The first instant at which the wall shows that; when it never does (clocks are put
 * forward over it), the instant of that change. */
int64_t zone_to_utc(const struct zone *, int64_t civil_s);

#endif
