/*
 * lastword.c: see lastword.h. What runs here runs in a signal handler, on a stack of
 * its own: it reads memory, writes to the page, and calls nothing else.
 */
#include "lastword.h"
#include "../common/log.h"
#include "place.h"
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#define LASTWORD_MAGIC 0x6c617374u
#define LASTWORD_STACK_BYTES (64 * 1024)
#define LASTWORD_WORDS 512

/* A stack is not ours to read where a sanitizer guards it. */
#define NO_SANITIZE_ADDRESS __attribute__((no_sanitize_address))

/* Found by a handler through the stack that it runs on: that is the kernel's to keep,
 * so nothing global is needed. */
struct lastword {
	unsigned magic;
	struct engine *engine;
	const uintptr_t *outermost; /* word of the stack that Ruby runs on */
	volatile sig_atomic_t begun;
	_Alignas(64) char stack[LASTWORD_STACK_BYTES];
};

static struct lastword *
lastword_of(const ucontext_t *u)
{
	struct lastword *w =
	    CONTAINER_OF((char *)u->uc_stack.ss_sp, struct lastword, stack);

	return u->uc_stack.ss_sp && w->magic == LASTWORD_MAGIC ? w : NULL;
}

static void
lastword_visit(void *arg, const char *file, int line, const char *name)
{
	page_add_frame(arg, file, (uint32_t)line, name);
}

/* The registers, whichever processor it is; then the stack from where it points, which
 * is the lowest of those of them that point into it. */
static size_t NO_SANITIZE_ADDRESS
lastword_collect(
    const struct lastword *w, const ucontext_t *u, uintptr_t words[LASTWORD_WORDS])
{
	const uintptr_t *reg = (const uintptr_t *)&u->uc_mcontext;
	uintptr_t end = (uintptr_t)w->outermost, low = end;
	size_t n = 0;

	for (; n < sizeof u->uc_mcontext / sizeof *reg && n < LASTWORD_WORDS / 2; n++) {
		words[n] = reg[n];
		if (reg[n] < low && end - reg[n] < (1 << 20) &&
		    reg[n] % sizeof *reg == 0)
			low = reg[n];
	}
	for (; low < end && n < LASTWORD_WORDS; low += sizeof *reg)
		words[n++] = *(const uintptr_t *)low;
	return n;
}

static void
lastword_write(struct lastword *w, const ucontext_t *u)
{
	uintptr_t words[LASTWORD_WORDS];
	size_t n;

	if (!w->engine->scope) /* no burst: its Ruby is nowhere */
		return;
	n = lastword_collect(w, u, words);
	place_walk(&w->engine->vm, words, n, lastword_visit, w->engine->page);
}

static void
lastword_on_asked(int sig UNUSED, siginfo_t *info, void *context)
{
	struct lastword *w = lastword_of(context);

	/* It means nothing from anybody else. */
	if (info->si_code != SI_USER || info->si_pid != getppid())
		return;
	if (w && !w->begun) {
		w->begun = 1;
		lastword_write(w, context);
	}
	raise(SIGKILL);
}

/* SA_RESETHAND: the next one is the end. A fault repeats itself when this returns; what
 * was sent is sent again. */
static void
lastword_on_crash(int sig, siginfo_t *info, void *context)
{
	struct lastword *w = lastword_of(context);

	if (w && w->begun) /* while it was asked: die of what was meant */
		raise(SIGKILL);
	if (w) {
		w->begun = 1;
		lastword_write(w, context);
	}
	if (info->si_code <= 0)
		raise(sig);
}

static void
lastword_catch(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {
	    .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};

	sigemptyset(&a.sa_mask);
	sigaction(sig, &a, NULL);
}

struct lastword *
lastword_install(struct engine *e)
{
	/* A sanitizer wants to tell of the faults itself. */
	static const int crashes[] = {
	    SIGABRT,
#ifndef DEFERD_SANITIZED
	    SIGSEGV,
	    SIGBUS,
	    SIGFPE,
	    SIGILL,
#endif
	};
	struct lastword *w;

	if (!e->page)
		return NULL;
	w = xcalloc(1, sizeof *w);
	w->magic = LASTWORD_MAGIC;
	w->engine = e;
	w->outermost = __builtin_frame_address(0);
	stack_t stack = {.ss_sp = w->stack, .ss_size = sizeof w->stack};
	if (sigaltstack(&stack, NULL) != 0) {
		log_warn("no stack for signal handlers: %m: an obituary of this worker "
			 "will not say where its Ruby was");
		free(w);
		return NULL;
	}
	lastword_catch(PAGE_LAST_WORD, lastword_on_asked, SA_RESTART);
	for (size_t i = 0; i < COUNT_OF(crashes); i++)
		lastword_catch(crashes[i], lastword_on_crash, (int)SA_RESETHAND);
	return w;
}
