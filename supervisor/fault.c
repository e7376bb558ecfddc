/*
 * fault.c: fault.def as an array.
 */
#include "fault.h"
#include "../common/check.h"
#include <string.h>

static const struct fault_info faults[FAULT_COUNT] = {
    [FAULT_NONE] = {"NONE", 200, "none", 200, 0, 200, 0, false, "no error"},
#define FAULT(name, ns, nc, bs, bc, ps, pc, begun, text)                               \
	[FAULT_##name] = {#name, ns, nc, bs, bc, ps, pc, begun, text},
#include "fault.def"
#undef FAULT
};

const struct fault_info *
fault_info(enum fault f)
{
	ASSERT((unsigned)f < FAULT_COUNT);
	return &faults[f];
}

enum fault
fault_parse(const char *native_code)
{
	int f = FAULT_COUNT;

	while (--f > FAULT_NONE &&
	       strcmp(native_code, fault_info((enum fault)f)->native_code) != 0)
		;
	return (enum fault)f;
}
