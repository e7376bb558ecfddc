/* weigh.c: see weigh.h. */
#include "weigh.h"
#include "../common/human.h"
#include "core_impl.h"
#include "rss.h"
#include <config.h>
#include <stdio.h>

void
weigh_seat(struct seat *s)
{
#ifdef DEFERD_SANITIZED /* holds back what was freed */
	(void)s;
#else
	int64_t limit = s->core->conf->workers.memory_bytes / 4 * 3;
	int64_t now = s->life == LIFE_READY && s->pid ? rss_bytes(s->pid) : -1;
	char grown[HUMAN_BYTES], most[HUMAN_BYTES], why[160];

	if (now < 0 || limit == 0)
		return;
	if (s->first_bytes == 0)
		s->first_bytes = now;
	if (now - s->first_bytes <= limit)
		return;
	snprintf(why, sizeof why,
	    "its memory has grown by %s, three quarters of workers.maxMemory are %s",
	    human_bytes((uint64_t)(now - s->first_bytes), grown),
	    human_bytes((uint64_t)limit, most));
	seat_retire(s, RETIRE_MEMORY, why);
#endif
}
