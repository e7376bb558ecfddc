/*
 * worker.t.c: deferd-worker as the supervisor sees it: CONFIG, the catalogue, SPAWN,
 * HELLO, tasks in one message, RETIRE and BYE, over the real descriptors and NNG.
 */
#include "t.h"
#include "../../common/clock.h"
#include "../../common/err.h"
#include "../../common/fd.h"
#include "../../common/kinds.h"
#include "../../common/msg.h"
#include "../../common/page.h"
#include "../../common/trace.h"
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair1/pair.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

static char folder[64];
static struct page *page;
static int page_fd, sock = -1;
static pid_t forkserver, worker;
static nng_socket nng;
static struct buf record, out;
static nng_msg *in_msg;
static struct mp in;

static void
start_forkserver(void)
{
	const char *build = getenv("DEFERD_BUILD");
	const char *supp = getenv("T_VALGRIND"); /* its --suppressions=FILE */
	char program[1024];
	int sv[2];

	snprintf(
	    program, sizeof program, "%s/worker/deferd-worker", build ? build : ".");
	OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
	forkserver = fork();
	if (forkserver == 0) {
		if (sv[1] == 3) {
			int keep = dup(sv[1]);
			dup2(keep, 3);
		} else {
			dup2(sv[1], 3);
		}
		if (supp)
			execlp("valgrind", "valgrind", "-q", "--error-exitcode=99",
			    "--leak-check=full", "--errors-for-leak-kinds=definite",
			    supp, program, NULL);
		execl(program, "deferd-worker: forkserver test", NULL);
		_exit(71);
	}
	close(sv[1]);
	sock = sv[0];
}

static void
send_record(enum msg_number n, const void *fields, int fd)
{
	buf_reset(&out);
	EQ_INT(msg_pack(&out, n, fields), 0);
	EQ_INT(fd_send_record(sock, buf_span(&out), fd), 0);
}

static void
get_record(struct msg *m)
{
	struct pollfd p = {sock, POLLIN, 0};
	int fd;

	EQ_INT(poll(&p, 1, WAIT_MS), 1);
	buf_reset(&record);
	EQ_INT(fd_recv_record(sock, &record, &fd), 0);
	struct mp c = mp_over(buf_span(&record));
	EQ_INT(msg_parse(&c, MSG_FUP, m), 0);
}

static void
write_handlers(const char *text)
{
	char path[128];

	snprintf(folder, sizeof folder, "/tmp/worker-t-XXXXXX");
	OK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/a.rb", folder);
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void
remove_handlers(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/a.rb", folder);
	unlink(path);
	rmdir(folder);
}

static void
configure(void)
{
	struct msg_config c = {
	    .version = MSG_VERSION,
	    .app = span_str("test"),
	    .handlers = span_str(folder),
	    .memory_bytes = getenv("T_VALGRIND") ? 0 : 64 << 20,
	    .result_bytes = 1 << 20,
	    .batch_bytes = 1 << 20,
	    .log_bytes = 65536,
	    .beat_ms = 50,
	    .timeout_ms = 15000,
	    .job_timeout_ms = 300000,
	    .kill_grace_ms = 500,
	    .log_level = 0,
	    .sandbox = getenv("T_VALGRIND") ? SWITCH_OFF : SWITCH_AUTO,
	};

	send_record(MSG_CONFIG, &c, -1);
}

/* Takes the handlers' names into names, up to LOADED. */
static void
get_catalog(char *names, size_t n)
{
	struct msg m;

	names[0] = '\0';
	for (get_record(&m); m.number == MSG_HANDLER; get_record(&m)) {
		size_t at = strlen(names);
		snprintf(names + at, n - at, "%.*s ", SPAN_FMT(m.handler.name));
	}
	EQ_STR(msg_name(m.number), "LOADED");
}

static void
get_msg(struct msg *m)
{
	if (!in_msg || mp_at_end(&in)) {
		if (in_msg)
			nng_msg_free(in_msg);
		in_msg = NULL;
		EQ_INT(nng_recvmsg(nng, &in_msg, 0), 0);
		in = mp_over(span_of(nng_msg_body(in_msg), nng_msg_len(in_msg)));
	}
	EQ_INT(msg_parse(&in, MSG_UP, m), 0);
}

static void
get_no_beat(struct msg *m)
{
	do
		get_msg(m);
	while (m->number == MSG_BEAT);
}

static void
send_out(void)
{
	EQ_INT(nng_send(nng, out.p, out.n, 0), 0);
	buf_reset(&out);
}

static void
spawn(void)
{
	static int spawned;
	char address[64];
	struct msg m;

	snprintf(address, sizeof address, "abstract://worker-t-%d-%d", (int)getpid(),
	    ++spawned);
	EQ_INT(nng_pair1_open(&nng), 0);
	nng_socket_set_ms(nng, NNG_OPT_RECVTIMEO, WAIT_MS);
	EQ_INT(nng_listen(nng, address, NULL, 0), 0);
	page_fd = memfd_create("page", MFD_CLOEXEC);
	OK(ftruncate(page_fd, PAGE_BYTES) == 0);
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0);
	struct msg_spawn s = {
	    7, span_str(address), span_str("secret"), (uint64_t)getpid()};
	send_record(MSG_SPAWN, &s, page_fd);
	get_record(&m);
	EQ_INT(m.number, MSG_SPAWNED);
	EQ_INT(m.spawned.worker, 7);
	worker = (pid_t)m.spawned.pid;
	get_no_beat(&m);
	EQ_INT(m.number, MSG_HELLO);
	EQ_INT(m.hello.version, MSG_VERSION);
	OK(span_is(m.hello.token, "secret"));
	EQ_INT(m.hello.pid, worker);
	struct msg_welcome w = {7};
	buf_reset(&out);
	EQ_INT(msg_pack(&out, MSG_WELCOME, &w), 0);
	send_out();
}

static void
add_run(uint8_t id, unsigned handler, unsigned timeout_ms)
{
	static const uint8_t envelope[] = {
	    0x98, 0x80, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0};
	struct taskid t = {{0}};

	t.b[0] = id;
	struct msg_run r = {span_of(t.b, 16), 1, 7, handler, 0, timeout_ms,
	    TRACE_FAILED_ONLY, span_of(envelope, sizeof envelope), SPAN_NONE};
	EQ_INT(msg_pack(&out, MSG_RUN, &r), 0);
}

static void
begin(const char *handlers)
{
	char names[512];

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	write_handlers(handlers);
	start_forkserver();
	configure();
	get_catalog(names, sizeof names);
	spawn();
}

static int
reap(pid_t pid)
{
	int status = -1;
	int64_t end = clock_now_ms() + WAIT_MS;

	while (clock_now_ms() < end && waitpid(pid, &status, WNOHANG) == 0)
		poll(NULL, 0, 5);
	return status;
}

/* The forkserver ends when its socket is closed. */
static void
finish(void)
{
	fd_close(&sock);
	EQ_INT(reap(forkserver), 0);
	if (in_msg)
		nng_msg_free(in_msg);
	in_msg = NULL;
	nng_close(nng);
	munmap(page, PAGE_BYTES);
	close(page_fd);
	remove_handlers();
	buf_fini(&out);
	buf_fini(&record);
}

static void
retire(void)
{
	struct msg_retire r = {span_str("test")};
	struct msg m;

	EQ_INT(msg_pack(&out, MSG_RETIRE, &r), 0);
	send_out();
	get_no_beat(&m);
	EQ_INT(m.number, MSG_BYE);
	EQ_INT(m.bye.status, 0);
	EQ_INT(msg_pack(&out, MSG_BYE_ACK, &m), 0);
	send_out();
	EQ_INT(reap(worker), 0);
}

static void
t_runs_a_batch(void)
{
	struct msg m;
	int waited = 0;

	begin("Cloud.function('hello') { 'Hi' }\n"
	      "Cloud.function('wait') { Deferred.delay(0.05, 'late') }\n");
	for (uint8_t i = 0; i < 10; i++)
		add_run(i, i == 0 ? 1 : 0, 15000);
	send_out();
	for (int i = 0; i < 10; i++) {
		get_no_beat(&m);
		EQ_INT(m.number, MSG_DONE);
		EQ_INT(m.done.worker, 7);
		if (span_is(m.done.result, "\xa4late"))
			waited = i;
		else
			OK(span_is(m.done.result, "\xa2Hi"));
	}
	EQ_INT(waited, 9);
	retire();
	finish();
}

static void
t_beats(void)
{
	struct msg m;

	begin("Cloud.function('hello') { 'Hi' }\n");
	for (uint64_t i = 1; i <= 3; i++) {
		get_msg(&m);
		EQ_INT(m.number, MSG_BEAT);
		EQ_INT(m.beat.sequence, i);
		OK(m.beat.heap_bytes > 10000);
	}
	retire();
	finish();
}

static void
t_goes_with_the_link(void)
{
	begin("Cloud.function('hello') { 'Hi' }\n");
	nng_close(nng);
	EQ_INT(reap(worker), 0);
	finish();
}

/* The task fails, the worker says BYE with the status, and what else it had is left to
 * the supervisor. */
static void
t_no_memory(void)
{
	struct msg m;

	begin("Cloud.function('eat') { a = []; loop { a << 'x' * 10000 } }\n"
	      "Cloud.function('wait') { Deferred.delay(5, 'late') }\n");
	add_run(1, 1, 15000);
	add_run(2, 0, 15000);
	send_out();
	get_no_beat(&m);
	EQ_INT(m.number, MSG_FAILED);
	EQ_INT(m.failed.cause, CAUSE_NO_MEMORY);
	EQ_INT(m.failed.task.p[0], 2);
	get_no_beat(&m);
	EQ_INT(m.number, MSG_BYE);
	EQ_INT(m.bye.status, EXIT_TAINTED_);
	EQ_INT(msg_pack(&out, MSG_BYE_ACK, &m), 0);
	send_out();
	EQ_INT(WEXITSTATUS(reap(worker)), EXIT_TAINTED_);
	finish();
}

/* The page names the task that hogs the loop. */
static void
t_page_names_the_culprit(void)
{
	struct page_burst burst = {0};
	int64_t end = clock_now_ms() + WAIT_MS;

	begin("Cloud.function('hog') { loop {} }\n");
	add_run(42, 0, 15000);
	send_out();
	while (burst.began_ns == 0 && clock_now_ms() < end) {
		page_read(page, &burst);
		poll(NULL, 0, 1);
	}
	OK(burst.began_ns != 0);
	EQ_INT(burst.task.b[0], 42);
	EQ_INT(burst.attempt, 1);
	kill(worker, SIGKILL);
	OK(WIFSIGNALED(reap(worker)));
	finish();
}

static void
t_load_error(void)
{
	struct msg m;

	write_handlers("Cloud.function('a') { 1 }\n\nraise 'no'\n");
	start_forkserver();
	configure();
	get_record(&m);
	EQ_INT(m.number, MSG_LOAD_FAILED);
	OK(span_is(m.load_failed.place, "a.rb:3"));
	OK(span_is(m.load_failed.class, "RuntimeError"));
	OK(span_is(m.load_failed.message, "no"));
	EQ_INT(WEXITSTATUS(reap(forkserver)), EXIT_CONFIG_);
	fd_close(&sock);
	remove_handlers();
	buf_fini(&out);
	buf_fini(&record);
}

TESTS(TEST(runs_a_batch), TEST(beats), TEST(goes_with_the_link), TEST(no_memory),
    TEST(page_names_the_culprit), TEST(load_error))
