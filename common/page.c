/*
 * page.c: both ends of the shared page: see page.h for the protocol.
 */
#include "page.h"
#include "fd.h"
#include <stdbool.h>
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

/* --- places --- */

/* By hand: strncpy and the like are not promised to signal handlers. */
static void
page_put_text(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; text && text[n] && n < room - 1; n++)
		out[n] = text[n];
	out[n] = '\0';
}

static void
page_put_place(
    struct page_place *out, const char *file, uint32_t line, const char *name)
{
	out->line = line;
	page_put_text(out->file, sizeof out->file, file);
	page_put_text(out->name, sizeof out->name, name);
}

static void
page_clean_text(char *text, size_t room)
{
	text[room - 1] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static void
page_clean_place(struct page_place *p)
{
	page_clean_text(p->file, sizeof p->file);
	page_clean_text(p->name, sizeof p->name);
}

uint32_t
page_await(struct page *p, const struct taskid *task, int64_t now_ns, const char *file,
    uint32_t line, const char *name)
{
	uint32_t number = ++p->await_n ? p->await_n : ++p->await_n;
	struct page_await *a = &p->await[number % PAGE_AWAITS];

	atomic_store_explicit(&a->number, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	a->since_ns = now_ns;
	a->task = *task;
	page_put_place(&a->place, file, line, name);
	atomic_store_explicit(&a->resumed, 0, memory_order_relaxed);
	atomic_store_explicit(&a->number, number, memory_order_release);
	return number;
}

void
page_resume(struct page *p, uint32_t number)
{
	struct page_await *a = &p->await[number % PAGE_AWAITS];

	if (atomic_load_explicit(&a->number, memory_order_relaxed) == number)
		atomic_store_explicit(&a->resumed, 1, memory_order_relaxed);
}

static bool
page_copy_await(const struct page_await *from, struct page_await *to)
{
	uint32_t number = atomic_load_explicit(&from->number, memory_order_acquire);

	if (number == 0)
		return false;
	to->since_ns = from->since_ns;
	to->task = from->task;
	to->place = from->place;
	to->resumed = atomic_load_explicit(&from->resumed, memory_order_relaxed);
	to->number = number;
	page_clean_place(&to->place);
	return true;
}

size_t
page_read_awaits(const struct page *p, struct page_await out[PAGE_AWAITS])
{
	size_t n = 0;

	for (size_t i = 0; i < PAGE_AWAITS; i++) {
		struct page_await a;
		size_t at = n;
		if (!page_copy_await(&p->await[i], &a))
			continue;
		for (; at > 0 && out[at - 1].number < a.number; at--)
			out[at] = out[at - 1];
		out[at] = a;
		n++;
	}
	return n;
}

void
page_add_frame(struct page *p, const char *file, uint32_t line, const char *name)
{
	uint32_t n = atomic_load_explicit(&p->frame_n, memory_order_relaxed);

	if (n >= PAGE_FRAMES)
		return;
	page_put_place(&p->frame[n], file, line, name);
	atomic_store_explicit(&p->frame_n, n + 1, memory_order_release);
}

size_t
page_read_frames(const struct page *p, struct page_place out[PAGE_FRAMES])
{
	size_t n = atomic_load_explicit(&p->frame_n, memory_order_acquire);

	if (n > PAGE_FRAMES)
		n = PAGE_FRAMES;
	for (size_t i = 0; i < n; i++) {
		out[i] = p->frame[i];
		page_clean_place(&out[i]);
	}
	return n;
}
