/*
 * fault.h: what a client is told when a call fails. See fault.def.
 */
#ifndef DEFERD_FAULT_H
#define DEFERD_FAULT_H

#include <stdbool.h>

enum fault {
	FAULT_NONE = 0,
#define FAULT(name, ns, nc, bs, bc, ps, pc, begun, text) FAULT_##name,
#include "fault.def"
#undef FAULT
	FAULT_COUNT
};

struct fault_info {
	const char *name; /* "TIMEOUT" */
	int native_status;
	const char *native_code;
	int bl_status, bl_code;
	int parse_status, parse_code;
	bool begun; /* the handler may have begun */
	const char *text;
};

/* Never NULL for a fault of the table. */
const struct fault_info *fault_info(enum fault);
/* By its native code; FAULT_NONE: there is none of that name. */
enum fault fault_parse(const char *native_code);

#endif
