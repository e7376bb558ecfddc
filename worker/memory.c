/* memory.c: see memory.h. */
#include <config.h>
#include "memory.h"
#include "../common/log.h"
#include <sys/resource.h>

/* libcurl's libraries map 17 MB, each of its resolver threads a quarter of one. */
#define HTTP_MEMORY_BYTES ((rlim_t)64 << 20)
/* Beside Ruby's: NNG's 14 threads have stacks of 8 MB, and there are messages: what
 * came and what goes, up to 30 MB, each twice or three times while it is packed and
 * copied. */
#define OTHER_MEMORY_BYTES ((rlim_t)256 << 20)

void
memory_limit(const struct engine *e)
{
#ifdef DEFERD_SANITIZED
	(void)e; /* sanitizers reserve terabytes */
#else
	rlim_t bytes =
	    (rlim_t)e->conf.memory_bytes + OTHER_MEMORY_BYTES +
	    (e->names_http ? HTTP_MEMORY_BYTES + e->conf.http.held_bytes : 0);
	struct rlimit r = {bytes, bytes};

	if (e->conf.memory_bytes && setrlimit(RLIMIT_AS, &r) != 0)
		log_warn("RLIMIT_AS cannot be set: %m");
#endif
}
