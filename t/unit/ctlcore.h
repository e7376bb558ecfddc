/*
 * ctlcore.h: a core made of canned answers, for the tests of the control socket: its
 * fields are what the commands show, and it remembers what they did to it.
 */
#ifndef DEFERD_CTLCORE_H
#define DEFERD_CTLCORE_H

#include "../../supervisor/bulk.h"
#include "../../supervisor/control.h"
#include "../../supervisor/dossier.h"
#include "../../supervisor/traces.h"
#include "../../supervisor/events.h"
#include "../../supervisor/lease.h"
#include "../../supervisor/tasks.h"

#define CTLCORE_WORKERS 200

struct core {
	struct conf conf;
	struct conf_app conf_app;
	char *secret[1];
	struct app *app[1], one_app;
	struct handler *handlers[2], event, gone;
	struct stats *stats; /* owned */
	struct events *events;
	struct tasks tasks;
	struct task *queued, *leased, *failed; /* three of the tasks */
	struct lease_seat seat;
	struct worker_view worker[CTLCORE_WORKERS];
	size_t worker_n;
	struct lane_view lane[LANE_COUNT];
	struct taskid_maker ids;
	int64_t now_ms;
	enum core_phase phase;
	const char *not_ready;
	bool durable;
	struct dossier dossier;
	struct traces traces;
	struct core_peaks peaks;
	struct core_store store;
	enum fault mend_fault; /* what retry, promote and bury meet with */
	uint64_t bulk_number;  /* 0: another one is under way */
	struct bulk_view bulk;
	struct task_filter bulk_filter;
	int cancelled, killed, drained;
	uint64_t recycled;
	size_t unsettled; /* what scale and recycle wait for */
};

/* Three tasks, a few workers, one app. */
void ctlcore_init(struct core *, const char *socket);
void ctlcore_fini(struct core *);
/* How many requests have been counted. */
uint64_t ctlcore_requests(const struct core *);
/* n tasks more, queued in main. */
void ctlcore_add_tasks(struct core *, size_t n);

#endif
