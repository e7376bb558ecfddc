/*
 * reload.t.c: another generation of workers, without a gap, or none at all.
 */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>

struct changed {
	bool over, ok;
	char text[200];
};

static void
changed_cb(bool ok, const char *text, void *arg)
{
	struct changed *ch = arg;

	ch->over = true;
	ch->ok = ok;
	snprintf(ch->text, sizeof ch->text, "%s", text);
}

/* Calls before, during and after; a task of the old generation ends in its old worker.
 */
static void
t_a_reload_leaves_no_gap(void)
{
	struct world w;
	struct conf next;
	struct changed ch = {0};
	struct call hanging, c;

	world_init(&w, 2, 2, "");
	WAIT_FOR(&w, world_ready(&w) == 2);
	struct task *old = world_start(&w, "hang", EXEC_ASYNC, &hanging);
	WAIT_FOR(&w, old->state == TASK_LEASED);
	uint64_t before = w.core->last_worker;
	next = w.conf;
	next.workers.slots = 3;
	core_reload(w.core, &next, changed_cb, &ch);
	while (!ch.over)
		EQ_INT(world_call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
	t_note("%s", ch.text);
	OK(ch.ok);
	EQ_INT(core_capacity(w.core), 6);
	EQ_INT(old->state, TASK_LEASED);
	for (int i = 0; i < 20; i++) {
		struct task *t = world_start(&w, "hello", EXEC_SYNC, &c);
		WAIT_FOR(&w, t->state != TASK_QUEUED);
		OK(c.over || seat_of(t->seat)->worker > before);
		WAIT_FOR(&w, c.over);
	}
	/* The idle one is gone, the busy one stays until its task has ended. */
	WAIT_FOR(&w, world_ready(&w) == 2 && w.core->lease.occupied == 2);
	core_kill(w.core, old);
	WAIT_FOR(&w, hanging.over);
	size_t live = 0;
	for (size_t i = 0; i < w.core->seat_n; i++)
		live += w.core->seat[i]->life != LIFE_EMPTY;
	EQ_INT(live, 2);
	world_fini(&w);
}

/* Whatever goes wrong, the old generation serves on and nothing is left behind. */
static void
t_a_failed_reload_changes_nothing(void)
{
	struct world w;
	struct conf next;

	world_init(&w, 2, 1, "");
	WAIT_FOR(&w, world_ready(&w) == 2);
	next = w.conf;
	for (int i = 0; i < 3; i++) {
		static const char *const odd[] = {"die", "token", ""};
		struct changed ch = {0};
		setenv("ODDWORKER", odd[i], 1);
		if (i == 2) /* no such program */
			setenv("DEFERD_WORKER", "/nonexistent", 1);
		core_reload(w.core, &next, changed_cb, &ch);
		WAIT_FOR(&w, ch.over);
		OK(!ch.ok && ch.text[0]);
		EQ_INT(world_call(&w, "hello", EXEC_SYNC).state, TASK_DONE);
		WAIT_FOR(&w, world_ready(&w) == 2 && w.core->lease.occupied == 2);
		OK(w.core->conf == &w.conf);
	}
	next.http.body_bytes = 77;
	struct changed ch = {0};
	core_reload(w.core, &next, changed_cb, &ch);
	OK(ch.over && !ch.ok && strstr(ch.text, "http"));
	world_fini(&w);
}

TESTS(TEST(a_reload_leaves_no_gap), TEST(a_failed_reload_changes_nothing))
