/* vm.c: see vm.h. */
#include "vm.h"
#include "../common/err.h"
#include "../common/log.h"
#include "gate.h"
#include "pin.h"
#include "place.h"
#include <malloc.h>
#include <mruby/class.h>
#include <mruby/irep.h>
#include <mruby/string.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define VM_MAGIC 0x766d2d31u

/* The work of a step of mruby's collector, in percent of the objects made since the
 * last. With its own 200 it marks more slowly than handlers that keep things until they
 * are called back make objects: a cycle then never ends, and nothing is freed. */
#define GC_STEP_PERCENT 1000
#define TIDY_BYTES_MIN (16 << 20)

extern const uint8_t prelude_code[]; /* made by mrbc from rb/ */

/* mruby collects and asks a second time for the same size before it gives up: only that
 * second refusal is the end. */
static void *
vm_refuse(struct vm *vm, size_t n)
{
	if (vm->refused_bytes != n || !vm->no_memory) {
		vm->refused_bytes = n;
		return NULL;
	}
	vm->cap_bytes = 0;
	vm->no_memory(vm->no_memory_arg);
	NEVER("no_memory returned");
}

static void *
vm_alloc(mrb_state *mrb UNUSED, void *p, size_t n, void *ud)
{
	struct vm *vm = ud;
	size_t old = p ? malloc_usable_size(p) : 0;

	if (n == 0) {
		vm->used_bytes -= old;
		free(p);
		return NULL;
	}
	if (vm->cap_bytes && n > old && vm->used_bytes + (n - old) > vm->cap_bytes)
		return vm_refuse(vm, n);
	void *q = realloc(p, n);
	if (!q)
		return vm_refuse(vm, n);
	vm->used_bytes = vm->used_bytes - old + malloc_usable_size(q);
	vm->refused_bytes = 0;
	return q;
}

static mrb_value
vm_intern_all(mrb_state *mrb, void *arg)
{
	struct vm *vm = arg;

#define X(name, text) vm->sym.name = mrb_intern_static(mrb, text, sizeof text - 1);
	VM_SYM_TABLE(X)
#undef X
	return mrb_nil_value();
}

int
vm_open(struct vm *vm, size_t cap_bytes, void *ud)
{
	mrb_value out;

	*vm = (struct vm){.magic = VM_MAGIC};
	vm->mrb = mrb_open_allocf(vm_alloc, vm);
	if (!vm->mrb)
		return -ERR_NOMEM;
	vm->mrb->gc.step_ratio = GC_STEP_PERCENT;
	vm->mrb->ud = ud;
	if (!gate_call(vm, vm_intern_all, vm, &out) || pin_init(vm) != 0)
		return -ERR_NOMEM;
	vm->cap_bytes = cap_bytes;
	vm->tidy_bytes = TIDY_BYTES_MIN;
	return 0;
}

void
vm_tidy(struct vm *vm)
{
	if (vm->used_bytes < vm->tidy_bytes)
		return;
	mrb_full_gc(vm->mrb);
	vm->tidy_bytes = 2 * vm->used_bytes;
	if (vm->tidy_bytes < TIDY_BYTES_MIN)
		vm->tidy_bytes = TIDY_BYTES_MIN;
}

static mrb_value
vm_find_classes(mrb_state *mrb, void *arg)
{
	struct vm_classes *c = &((struct vm *)arg)->cls;

	c->deferd = mrb_module_get(mrb, "Deferd");
	c->deferred = mrb_class_get(mrb, "Deferred");
	c->cloud = mrb_module_get(mrb, "Cloud");
	c->error = mrb_class_get_under(mrb, c->cloud, "Error");
	c->timeout = mrb_class_get_under(mrb, c->cloud, "Timeout");
	c->cancelled = mrb_class_get_under(mrb, c->cloud, "Cancelled");
	c->detached = mrb_class_get_under(mrb, c->cloud, "Detached");
	c->rejected = mrb_class_get_under(mrb, c->deferred, "Rejected");
	c->response = mrb_class_get_under(mrb, c->cloud, "Response");
	c->bytes = mrb_class_get_under(mrb, c->cloud, "Bytes");
	c->request = mrb_class_get_under(mrb, c->cloud, "Request");
	c->time = mrb_class_get(mrb, "Time");
	struct RClass *http = mrb_module_get(mrb, "HTTP");
	c->http_response = mrb_class_get_under(mrb, http, "Response");
	c->http_error = mrb_class_get_under(mrb, http, "Error");
	return mrb_nil_value();
}

static mrb_value
vm_run_code(mrb_state *mrb, void *arg)
{
	mrb_value v = mrb_load_irep(mrb, arg);

	if (mrb->exc) {
		mrb_value exc = mrb_obj_value(mrb->exc);
		mrb->exc = NULL;
		mrb_exc_raise(mrb, exc);
	}
	return v;
}

static mrb_value
vm_inspect(mrb_state *mrb, void *arg)
{
	return mrb_funcall_argv(
	    mrb, *(mrb_value *)arg, mrb_intern_lit(mrb, "inspect"), 0, NULL);
}

int
vm_load_code(struct vm *vm, const uint8_t *code)
{
	mrb_value out, text;
	int mark = gate_mark(vm);
	bool ok = gate_call(vm, vm_run_code, (void *)(uintptr_t)code, &out);

	if (!ok && gate_call(vm, vm_inspect, &out, &text))
		log_error("the Ruby half does not load: %.*s", (int)RSTRING_LEN(text),
		    RSTRING_PTR(text));
	gate_release(vm, mark);
	return ok ? 0 : -ERR_STATE;
}

int
vm_load_prelude(struct vm *vm)
{
	mrb_value out;
	int mark = gate_mark(vm);
	int r = vm_load_code(vm, prelude_code);

	if (r == 0 && !gate_call(vm, vm_find_classes, vm, &out))
		r = -ERR_STATE;
	gate_release(vm, mark);
	return r;
}

void
vm_close(struct vm *vm)
{
	CHECK(vm, VM_MAGIC);
	vm->cap_bytes = 0;
	if (vm->mrb) {
		place_forget(vm);
		mrb_close(vm->mrb);
	}
	vm->mrb = NULL;
	vm->magic = 0;
}

static mrb_value
vm_srand(mrb_state *mrb, void *arg)
{
	return mrb_funcall_argv(mrb, mrb_obj_value(mrb->kernel_module),
	    mrb_intern_lit(mrb, "srand"), 1, arg);
}

void
vm_reseed(struct vm *vm)
{
	uint32_t seed = 0;
	mrb_value out;

	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = (uint32_t)getpid();
	mrb_value arg = mrb_fixnum_value(seed);
	int mark = gate_mark(vm);
	if (!gate_call(vm, vm_srand, &arg, &out))
		log_warn("rand could not be seeded anew");
	gate_release(vm, mark);
}
