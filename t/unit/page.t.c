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

TESTS(TEST(names_the_burst), TEST(is_never_half_read))
