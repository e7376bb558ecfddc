#include "task.h"
#include "steps.h"
#include <stdlib.h>

static const char *const task_state_names[TASK_STATE_COUNT] = {
#define X(sym, text) [TASK_##sym] = text,
    TASK_STATE_TABLE(X)
#undef X
};

#define BIT(state) (1u << TASK_##state)

/* From a state (row) to which others: the picture in task.h. */
static const unsigned task_ways[TASK_STATE_COUNT] = {
    [TASK_ACCEPTED] = BIT(QUEUED) | BIT(DELAYED) | BIT(CANCELLED),
    [TASK_QUEUED] = BIT(LEASED) | BIT(CANCELLED) | BIT(FAILED) | BIT(DEAD),
    [TASK_DELAYED] = BIT(QUEUED) | BIT(CANCELLED) | BIT(DEAD),
    [TASK_DEAD] = BIT(QUEUED),
    [TASK_LEASED] = BIT(QUEUED) | BIT(DELAYED) | BIT(DONE) | BIT(FAILED) | BIT(DEAD) |
		    BIT(CANCELLED),
};

const char *
task_state_name(enum task_state s)
{
	return s < TASK_STATE_COUNT ? task_state_names[s] : "?";
}

enum task_state
task_state_parse(struct span name)
{
	int s = 0;

	while (s < TASK_STATE_COUNT && !span_is(name, task_state_names[s]))
		s++;
	return (enum task_state)s;
}

struct task *
task_new(const struct taskid *id, uint8_t *payload, size_t payload_bytes)
{
	struct task *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->id = *id;
	t->payload = payload;
	t->payload_bytes = (uint32_t)payload_bytes;
	t->state = TASK_ACCEPTED;
	t->attempts_max = 1;
	return t;
}

/* Its key and its finished steps stay. */
static void
task_note_clear(struct task_note *n)
{
	free(n->class);
	free(n->message);
	free(n->backtrace);
	free(n->headers);
	free(n->progress);
	*n = (struct task_note){.fraction = -1, .key = n->key, .steps = n->steps};
}

void
task_free(struct task *t)
{
	ASSERT(!t->seat && !heap_has(&t->deadline));
	if (t->note) {
		task_note_clear(t->note);
		steps_free(t->note->steps);
	}
	free(t->note);
	free(t->payload);
	free(t->result);
	free(t);
}

void
task_move(struct task *t, enum task_state to, int64_t now_ms)
{
	ASSERT(t->state < TASK_STATE_COUNT && (task_ways[t->state] & (1u << to)) != 0);
	t->state = (uint8_t)to;
	if (to == TASK_LEASED) {
		t->started_ms = now_ms;
	} else if (task_has_ended(to)) {
		t->ended_ms = now_ms;
		if (to == TASK_DEAD)
			return;
		free(t->payload);
		t->payload = NULL;
		t->payload_bytes = 0;
	}
}

void
task_forget_attempts(struct task *t)
{
	if (t->note)
		task_note_clear(t->note);
	t->started_ms = t->ended_ms = 0;
	t->run_us = t->burst_us = 0;
	t->fault = FAULT_NONE;
	t->attempt = t->deaths = t->reruns = t->failures = t->flags = 0;
}

enum task_state
task_told_state(const struct task *t)
{
	bool told = (t->flags & TASK_ANSWERED) && !task_has_ended(t->state);

	return told ? TASK_FAILED : (enum task_state)t->state;
}

struct task_note *
task_note(struct task *t)
{
	if (!t->note && (t->note = calloc(1, sizeof *t->note)))
		t->note->fraction = -1;
	return t->note;
}

int64_t
task_wait_ms(const struct task *t, int64_t now_ms)
{
	if (t->started_ms)
		return t->started_ms - t->accepted_ms;
	return (t->ended_ms ? t->ended_ms : now_ms) - t->accepted_ms;
}

int64_t
task_run_ms(const struct task *t, int64_t now_ms)
{
	if (!t->started_ms)
		return 0;
	if (t->state == TASK_QUEUED)
		return 0;
	return (t->ended_ms ? t->ended_ms : now_ms) - t->started_ms;
}

int64_t
task_wall_ms(const struct task *t, int64_t mono_ms)
{
	return t->accepted_wall_ms + (mono_ms - t->accepted_ms);
}

int64_t
task_due_wall_ms(const struct task *t)
{
	return t->state == TASK_DELAYED ? t->deadline.key : 0;
}

size_t
task_memory_bytes(const struct task *t)
{
	size_t n = sizeof *t + t->payload_bytes + t->result_bytes;
	const struct task_note *note = t->note;

	if (note) {
		n += sizeof *note + note->backtrace_bytes + note->headers_bytes;
		n += note->message ? strlen(note->message) : 0;
		n += note->class ? strlen(note->class) : 0;
		n += note->progress ? strlen(note->progress) : 0;
		n += steps_bytes(note->steps);
	}
	return n;
}
