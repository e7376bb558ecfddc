#include "catalogue.h"
#include "../common/log.h"
#include "retry.h"
#include "timer.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void
catalogue_set(char **where, struct span text)
{
	free(*where);
	*where = text.n ? strndup((const char *)text.p, text.n) : NULL;
}

void
catalogue_add(struct app *a, const struct msg_handler *m)
{
	struct handler *h =
	    app_add_handler(a, (enum kind)m->kind, m->name, (uint32_t)m->index);

	if (!h) {
		log_warn("%s: handler %llu came out of order: left out", a->conf->id,
		    (unsigned long long)m->index);
		return;
	}
	catalogue_set(&h->place, m->place);
	catalogue_set(&h->verb, m->verb);
	catalogue_set(&h->pattern, m->pattern);
	h->timeout_ms = (int64_t)m->timeout_ms;
	h->burst_ms = (int64_t)m->burst_ms;
	if (h->kind == KIND_TIMER)
		h->timer = timer_set(h->timer, m);
	h->execution = (enum execution)m->execution;
	h->flags = (unsigned)m->flags;
	h->attempts =
	    m->attempts > RETRY_ATTEMPTS_MAX ? RETRY_ATTEMPTS_MAX : (int)m->attempts;
}

/* FNV-1a */
static uint64_t
catalogue_mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ULL;
	return h;
}

static int
catalogue_is_ruby(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && strcmp(d->d_name + n - 3, ".rb") == 0;
}

static uint64_t
catalogue_mix_file(uint64_t h, const char *folder, const char *name)
{
	char path[4096];
	struct stat st;

	h = catalogue_mix(h, name, strlen(name) + 1);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (stat(path, &st) != 0)
		return h;
	h = catalogue_mix(h, &st.st_size, sizeof st.st_size);
	h = catalogue_mix(h, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
	return catalogue_mix(h, &st.st_mtim.tv_nsec, sizeof st.st_mtim.tv_nsec);
}

uint64_t
catalogue_fingerprint(const char *folder)
{
	struct dirent **file;
	uint64_t h = 0xcbf29ce484222325ULL;
	int n = scandir(folder, &file, catalogue_is_ruby, alphasort);

	for (int i = 0; i < n; i++) {
		h = catalogue_mix_file(h, folder, file[i]->d_name);
		free(file[i]);
	}
	if (n >= 0)
		free(file);
	return h ? h : 1;
}
