/*
 * vm.h: one mruby interpreter: opened with a memory cap, the prelude loaded, the names
 * and classes that C needs looked up once. It knows nothing of tasks.
 *
 * When memory runs out the VM does not raise: the heap of mruby 3.1 is not usable after
 * a NoMemoryError (measured: the next, innocent script crashes). It calls no_memory,
 * which must not return: the interpreter is left exactly where it stood.
 */
#ifndef DEFERD_VM_H
#define DEFERD_VM_H

#include "../common/check.h"
#include <mruby.h>
#include <stdbool.h>

#define VM_SYM_TABLE(X)                                                                \
	X(call, "call")                                                                \
	X(then, "then")                                                                \
	X(responds, "respond_to?")                                                     \
	X(responds_missing, "respond_to_missing?")                                     \
	X(watch, "__watch")                                                            \
	X(make_fiber, "__make_fiber")                                                  \
	X(message, "message")                                                          \
	X(iv_state, "@state")                                                          \
	X(iv_value, "@value")                                                          \
	X(iv_handled, "@handled")                                                      \
	X(iv_source, "@source")                                                        \
	X(iv_reactions, "@reactions")                                                  \
	X(iv_on_ok, "@on_ok")                                                          \
	X(iv_on_err, "@on_err")                                                        \
	X(iv_scope, "@scope")                                                          \
	X(iv_mode, "@mode")                                                            \
	X(iv_work, "@work")                                                            \
	X(iv_place, "@place")                                                          \
	X(iv_detached, "@detached")                                                    \
	X(iv_seen, "@seen")                                                            \
	X(iv_trail, "@trail")                                                          \
	X(backtrace, "backtrace")                                                      \
	X(iv_again, "@again")                                                          \
	X(iv_again_ms, "@again_ms")                                                    \
	X(iv_code, "@code")                                                            \
	X(iv_status, "@status")                                                        \
	X(iv_body, "@body")                                                            \
	X(iv_headers, "@headers")                                                      \
	X(iv_params, "@params")                                                        \
	X(iv_url, "@url")                                                              \
	X(at, "at")                                                                    \
	X(to_i, "to_i")                                                                \
	X(usec, "usec")                                                                \
	X(inspect, "inspect")

struct vm_syms {
#define X(name, text) mrb_sym name;
	VM_SYM_TABLE(X)
#undef X
};

struct vm_classes {
	struct RClass *deferd, *deferred;
	struct RClass *cloud, *error, *timeout, *cancelled, *detached, *response,
	    *bytes;
	struct RClass *rejected;
	struct RClass *request, *time, *http_response, *http_error;
};

/* A line that place.c has found: of the instruction at of caller, given that block. */
#define PLACE_LINES 64
struct place_line {
	const struct mrb_irep *caller, *block;
	uint32_t at;
	const char *file;
	int line;
	mrb_int code; /* 0: not asked for yet */
};

typedef void vm_no_memory_cb(void *arg);

struct vm {
	unsigned magic;
	mrb_state *mrb; /* owned */
	size_t used_bytes, cap_bytes;
	size_t
	    refused_bytes; /* of the allocation that was refused last; 0: none since */
	size_t tidy_bytes; /* in use before vm_tidy collects */
	vm_no_memory_cb *no_memory;
	void *no_memory_arg;
	mrb_value pins; /* see pin.h */
	uint32_t pin_free;
	struct vm_syms sym;
	struct vm_classes cls;
	struct place_line lines[PLACE_LINES];
};

/* Opens the interpreter; ud is what C methods find in mrb->ud. Then the owner defines
 * its C methods, and loads the prelude. 0 or -ERR_NOMEM. cap_bytes 0: no cap. */
int vm_open(struct vm *, size_t cap_bytes, void *ud) MUST_USE;
/* Runs the prelude and looks the classes up. 0, or -ERR_STATE with the reason logged.
 */
int vm_load_prelude(struct vm *) MUST_USE;
/* Runs what mrbc has made; as above. */
int vm_load_code(struct vm *, const uint8_t *code) MUST_USE;
void vm_close(struct vm *);
/* Collects all garbage when twice as many bytes are in use as were after the last time:
 * mruby counts objects, and a few of them can be large. Not from within Ruby. */
void vm_tidy(struct vm *);
/* A new seed for rand: every fork of one process would draw the same numbers. */
void vm_reseed(struct vm *);

#endif
