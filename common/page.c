/*
 * page.c: both ends of the shared page: see page.h for the protocol.
 */
#include "page.h"
#include "fd.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
page_create(struct page **out)
{
	int fd = memfd_create("deferd-page", MFD_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, PAGE_BYTES) == 0)
		p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		fd_close(&fd);
		return -1;
	}
	*out = p;
	return fd;
}

void
page_free(struct page *p)
{
	if (p)
		munmap(p, PAGE_BYTES);
}

void
page_enter(struct page *p, const struct taskid *task, uint32_t attempt, int64_t now_ns)
{
	uint64_t half[2];

	memcpy(half, task->b, sizeof half);
	atomic_store_explicit(&p->began_ns, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&p->task_hi, half[0], memory_order_relaxed);
	atomic_store_explicit(&p->task_lo, half[1], memory_order_relaxed);
	atomic_store_explicit(&p->attempt, attempt, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->bursts, 1, memory_order_relaxed);
	atomic_store_explicit(&p->began_ns, now_ns, memory_order_release);
}

void
page_leave(struct page *p)
{
	atomic_store_explicit(&p->began_ns, 0, memory_order_release);
}

void
page_read(const struct page *p, struct page_burst *out)
{
	uint64_t half[2];
	int64_t began_ns = atomic_load_explicit(&p->began_ns, memory_order_acquire);

	half[0] = atomic_load_explicit(&p->task_hi, memory_order_relaxed);
	half[1] = atomic_load_explicit(&p->task_lo, memory_order_relaxed);
	uint32_t attempt = atomic_load_explicit(&p->attempt, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&p->began_ns, memory_order_relaxed) != began_ns)
		began_ns = 0;
	*out = (struct page_burst){.began_ns = began_ns};
	if (began_ns == 0)
		return;
	memcpy(out->task.b, half, sizeof half);
	out->attempt = attempt;
}
