#include "t.h"
#include "../../common/page.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct page *
shared_page(void)
{
	void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	OK(p != MAP_FAILED);
	return p;
}

static void
t_names_the_burst(void)
{
	struct page *p = shared_page();
	struct taskid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
	struct page_burst seen;

	page_read(p, &seen);
	EQ_INT(seen.began_ns, 0);
	page_enter(p, &id, 3, 12345);
	page_read(p, &seen);
	EQ_INT(seen.began_ns, 12345);
	EQ_INT(seen.attempt, 3);
	OK(memcmp(seen.task.b, id.b, TASKID_BYTES) == 0);
	page_leave(p);
	page_read(p, &seen);
	EQ_INT(seen.began_ns, 0);
	EQ_INT(p->bursts, 1);
	munmap(p, PAGE_BYTES);
}

static void NORETURN
write_bursts(struct page *p)
{
	for (uint32_t n = 1;; n++) {
		struct taskid id;
		uint64_t half[2] = {n, ~(uint64_t)n};
		memcpy(id.b, half, sizeof half);
		page_enter(p, &id, n, n);
		if (n % 3 == 0)
			page_leave(p);
	}
}

/* A writer in another process, killed anywhere: what is read is whole. */
static void
t_is_never_half_read(void)
{
	struct page *p = shared_page();
	struct page_burst seen;
	uint64_t half[2], whole = 0;
	pid_t pid = fork();

	OK(pid >= 0);
	if (pid == 0)
		write_bursts(p);
	while (whole < 100000) {
		page_read(p, &seen);
		if (seen.began_ns == 0)
			continue;
		memcpy(half, seen.task.b, sizeof half);
		whole++;
		if (half[0] != (uint64_t)seen.began_ns || half[1] != ~half[0] ||
		    seen.attempt != (uint32_t)half[0])
			break;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(p, PAGE_BYTES);
	EQ_INT(whole, 100000);
}

static void
t_keeps_the_last_awaits(void)
{
	struct page *p = shared_page();
	struct taskid id = {{9}};
	struct page_await seen[PAGE_AWAITS];
	char file[PAGE_FILE_BYTES + 20];

	EQ_INT(page_read_awaits(p, seen), 0);
	memset(file, 'x', sizeof file - 1);
	file[sizeof file - 1] = '\0';
	EQ_INT(page_await(p, &id, 100, file, 7, "Deferred.delay"), 1);
	page_resume(p, 1);
	EQ_INT(page_read_awaits(p, seen), 1);
	EQ_INT((int)strlen(seen[0].place.file), PAGE_FILE_BYTES - 1);
	EQ_STR(seen[0].place.name, "Deferred.delay");
	EQ_INT(seen[0].place.line, 7);
	EQ_INT(seen[0].resumed, 1);
	EQ_INT(seen[0].task.b[0], 9);
	for (uint32_t i = 2; i <= 3 * PAGE_AWAITS; i++)
		EQ_INT(page_await(p, &id, i, "a.rb", i, "x"), i);
	page_resume(p, 1); /* its place is another's now */
	EQ_INT(page_read_awaits(p, seen), PAGE_AWAITS);
	for (uint32_t i = 0; i < PAGE_AWAITS; i++) {
		EQ_INT(seen[i].number, 3 * PAGE_AWAITS - i);
		EQ_INT(seen[i].resumed, 0);
	}
	/* The counter wraps to 1: 0 means none. */
	p->await_n = UINT32_MAX;
	EQ_INT(page_await(p, &id, 5, "a.rb", 5, NULL), 1);
	munmap(p, PAGE_BYTES);
}

static void
t_keeps_frames(void)
{
	struct page *p = shared_page();
	struct page_place seen[PAGE_FRAMES];

	EQ_INT(page_read_frames(p, seen), 0);
	for (uint32_t i = 0; i < 2 * PAGE_FRAMES; i++)
		page_add_frame(p, "main.rb", i, i == 0 ? NULL : "dig");
	EQ_INT(page_read_frames(p, seen), PAGE_FRAMES);
	EQ_STR(seen[0].name, "");
	EQ_STR(seen[PAGE_FRAMES - 1].name, "dig");
	EQ_INT(seen[PAGE_FRAMES - 1].line, PAGE_FRAMES - 1);
	munmap(p, PAGE_BYTES);
}

static bool
is_text(const char *s, size_t room)
{
	for (size_t i = 0; i < room; i++) {
		if (s[i] == '\0')
			return true;
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	}
	return false;
}

/* Whatever a worker has written there: bounded counts, texts with an end. */
static void
t_believes_nobody(void)
{
	struct page *p = shared_page();
	struct page_place frame[PAGE_FRAMES];
	struct page_await await[PAGE_AWAITS];
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		unsigned char *b = (unsigned char *)p;
		for (size_t i = 0; i < PAGE_BYTES; i++) {
			seed = seed * 1103515245 + 12345;
			b[i] = round == 0   ? 0xff
			       : round == 1 ? 0x1b
					    : (unsigned char)(seed >> 16);
		}
		size_t frames = page_read_frames(p, frame);
		size_t awaits = page_read_awaits(p, await);
		OK(frames <= PAGE_FRAMES && awaits <= PAGE_AWAITS);
		for (size_t i = 0; i < frames; i++)
			OK(is_text(frame[i].file, PAGE_FILE_BYTES) &&
			    is_text(frame[i].name, PAGE_NAME_BYTES));
		for (size_t i = 0; i < awaits; i++)
			OK(is_text(await[i].place.file, PAGE_FILE_BYTES) &&
			    is_text(await[i].place.name, PAGE_NAME_BYTES));
	}
	munmap(p, PAGE_BYTES);
}

TESTS(TEST(names_the_burst), TEST(is_never_half_read), TEST(keeps_the_last_awaits),
    TEST(keeps_frames), TEST(believes_nobody))
