#include "tasks.h"
#include "../common/err.h"
#include "app.h"

#define ABBREVIATION_MIN 6

void
tasks_bound(struct tasks_shelf *shelf, int64_t keep_ms, uint64_t count, uint64_t bytes)
{
	shelf->keep_ms = keep_ms;
	shelf->count_max = count;
	shelf->bytes_max = bytes;
}

void
tasks_init(struct tasks *ts, int64_t keep_ms, uint64_t keep_count, uint64_t keep_bytes)
{
	memset(ts, 0, sizeof *ts);
	idmap_init(&ts->by_id, offsetof(struct task, id));
	TAILQ_INIT(&ts->all);
	TAILQ_INIT(&ts->ended.list);
	TAILQ_INIT(&ts->dead.list);
	heap_init(&ts->deadlines);
	keys_init(&ts->keys);
	tasks_bound(&ts->ended, keep_ms, keep_count, keep_bytes);
	tasks_bound(&ts->dead, keep_ms, keep_count, keep_bytes);
}

void
tasks_fini(struct tasks *ts)
{
	struct task *t;

	while ((t = TAILQ_FIRST(&ts->all))) {
		TAILQ_REMOVE(&ts->all, t, all);
		heap_remove(&ts->deadlines, &t->deadline);
		t->seat = NULL;
		keys_remove(&ts->keys, t);
		task_free(t);
	}
	keys_fini(&ts->keys);
	heap_fini(&ts->deadlines);
	idmap_fini(&ts->by_id);
}

int
tasks_add(struct tasks *ts, struct task *t)
{
	int e = idmap_put(&ts->by_id, t);

	if (e)
		return e;
	TAILQ_INSERT_TAIL(&ts->all, t, all);
	ts->payload_bytes += t->payload_bytes;
	ts->open++;
	return 0;
}

static struct tasks_shelf *
tasks_shelf_of(struct tasks *ts, const struct task *t)
{
	return t->state == TASK_DEAD ? &ts->dead : &ts->ended;
}

static void
tasks_unshelve(struct tasks_shelf *shelf, struct task *t)
{
	TAILQ_REMOVE(&shelf->list, t, place);
	shelf->n--;
	shelf->bytes -= task_memory_bytes(t);
}

static void
tasks_drop_oldest(struct tasks *ts, struct tasks_shelf *shelf)
{
	struct task *t = TAILQ_FIRST(&shelf->list);

	tasks_unshelve(shelf, t);
	TAILQ_REMOVE(&ts->all, t, all);
	idmap_del(&ts->by_id, t->id.b);
	if (ts->forget)
		ts->forget(t, ts->forget_arg);
	keys_remove(&ts->keys, t);
	task_free(t);
}

void
tasks_remove(struct tasks *ts, struct task *t)
{
	ts->payload_bytes -= t->payload_bytes;
	ts->open--;
	TAILQ_REMOVE(&ts->all, t, all);
	idmap_del(&ts->by_id, t->id.b);
	keys_remove(&ts->keys, t);
	task_free(t);
}

void
tasks_end(struct tasks *ts, struct task *t, size_t payload_bytes)
{
	struct tasks_shelf *shelf = tasks_shelf_of(ts, t);

	heap_remove(&ts->deadlines, &t->deadline);
	ts->payload_bytes -= payload_bytes;
	ts->open--;
	if (t->state == TASK_FAILED || t->state == TASK_DEAD)
		ts->failed[ts->failed_n++ % TASKS_FAILED] = t->id;
	TAILQ_INSERT_TAIL(&shelf->list, t, place);
	shelf->n++;
	shelf->bytes += task_memory_bytes(t);
	while (shelf->n > shelf->count_max ||
	       (shelf->bytes > shelf->bytes_max && shelf->n > 0))
		tasks_drop_oldest(ts, shelf);
}

void
tasks_revive(struct tasks *ts, struct task *t)
{
	ASSERT(t->state == TASK_DEAD);
	tasks_unshelve(&ts->dead, t);
	ts->payload_bytes += t->payload_bytes;
	ts->open++;
}

static void
tasks_expire_shelf(struct tasks *ts, struct tasks_shelf *shelf, int64_t now_ms)
{
	struct task *t;

	while (
	    (t = TAILQ_FIRST(&shelf->list)) && t->ended_ms + shelf->keep_ms <= now_ms)
		tasks_drop_oldest(ts, shelf);
}

void
tasks_expire(struct tasks *ts, int64_t now_ms)
{
	tasks_expire_shelf(ts, &ts->ended, now_ms);
	tasks_expire_shelf(ts, &ts->dead, now_ms);
}

struct task *
tasks_find(const struct tasks *ts, const struct taskid *id)
{
	return idmap_get(&ts->by_id, id->b);
}

/* The ends of ids are random, so a short piece from either end names one. */
bool
tasks_id_fits(const struct taskid *id, struct span text)
{
	char full[TASKID_TEXT_BYTES];
	size_t n = TASKID_TEXT_BYTES - 1;

	if (text.n < ABBREVIATION_MIN || text.n >= TASKID_TEXT_BYTES)
		return false;
	taskid_text(id, full);
	return memcmp(full, text.p, text.n) == 0 ||
	       memcmp(full + n - text.n, text.p, text.n) == 0;
}

struct task *
tasks_find_text(const struct tasks *ts, struct span text, bool *ambiguous)
{
	struct taskid id;
	struct task *t, *found = NULL;

	*ambiguous = false;
	if (taskid_parse((const char *)text.p, text.n, &id) == 0)
		return tasks_find(ts, &id);
	TAILQ_FOREACH_REVERSE(t, &ts->all, task_list, all)
	{
		if (!tasks_id_fits(&t->id, text))
			continue;
		if (found) {
			*ambiguous = true;
			return NULL;
		}
		found = t;
	}
	return found;
}

bool
tasks_fits(const struct task *t, const struct task_filter *f)
{
	return (!f->app || t->app == f->app) &&
	       (f->state == TASK_STATE_COUNT || t->state == f->state) &&
	       (f->lane == LANE_COUNT || t->lane == f->lane) &&
	       (f->name.n == 0 || span_is(f->name, t->handler->name)) &&
	       (f->fault == FAULT_NONE || t->fault == f->fault) &&
	       (!f->after || memcmp(t->id.b, f->after->b, TASKID_BYTES) < 0);
}

bool
tasks_list(const struct tasks *ts, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	struct task *t = f->after ? tasks_find(ts, f->after) : NULL;
	size_t n = 0;

	/* From where the last page ended, when that task is still there. */
	t = t ? TAILQ_PREV(t, task_list, all) : TAILQ_LAST(&ts->all, task_list);
	for (; t; t = TAILQ_PREV(t, task_list, all)) {
		if (!tasks_fits(t, f))
			continue;
		if (n++ == f->limit)
			return true;
		if (!visit(t, arg))
			return false;
	}
	return false;
}

bool
tasks_list_dead(const struct tasks *ts, const struct task_filter *f,
    bool (*visit)(struct task *, void *arg), void *arg)
{
	struct task *t;
	size_t n = 0;

	TAILQ_FOREACH_REVERSE(t, &ts->dead.list, task_list, place)
	{
		if (!tasks_fits(t, f))
			continue;
		if (n++ == f->limit)
			return true;
		if (!visit(t, arg))
			return false;
	}
	return false;
}

struct task *
tasks_after(const struct tasks *ts, const struct taskid *id)
{
	struct task *t = tasks_find(ts, id);

	if (t)
		return TAILQ_NEXT(t, all);
	TAILQ_FOREACH (t, &ts->all, all)
		if (memcmp(t->id.b, id->b, TASKID_BYTES) > 0)
			return t;
	return NULL;
}

void
tasks_list_failed(
    const struct tasks *ts, bool (*visit)(struct task *, void *arg), void *arg)
{
	uint64_t n = ts->failed_n < TASKS_FAILED ? ts->failed_n : TASKS_FAILED;

	for (uint64_t i = 1; i <= n; i++) {
		struct task *t =
		    tasks_find(ts, &ts->failed[(ts->failed_n - i) % TASKS_FAILED]);
		if (t && !visit(t, arg))
			return;
	}
}

struct log_about
tasks_about(const struct task *t, char id[TASKID_TEXT_BYTES])
{
	return (struct log_about){
	    .app = t->app->conf->id,
	    .handler = t->handler->name,
	    .task = taskid_text(&t->id, id),
	    .attempt = t->attempt,
	};
}
