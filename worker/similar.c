/* similar.c: see similar.h. */
#include "similar.h"
#include <stdlib.h>
#include <string.h>

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned
similar_edits(struct span a, struct span b, unsigned limit)
{
	unsigned row[3][SIMILAR_BYTES_MAX + 1];
	size_t gap = a.n > b.n ? a.n - b.n : b.n - a.n;

	if (gap > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3],
			 *up2 = row[(i + 1) % 3], best = now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned change = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);
			now[j] = least(up[j] + 1, now[j - 1] + 1, change);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] && up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
			if (now[j] < best)
				best = now[j];
		}
		if (best > limit)
			return limit + 1;
	}
	unsigned edits = row[a.n % 3][b.n];
	return edits > limit ? limit + 1 : edits;
}

void
similar_init(struct similar *s, struct span name)
{
	*s = (struct similar){.name_bytes = 0};
	if (name.n <= SIMILAR_BYTES_MAX) {
		memcpy(s->name, name.p, name.n);
		s->name_bytes = name.n;
	}
	s->edits = (unsigned)(name.n + 3) / 4 + 1; /* a quarter of it may be wrong */
}

void
similar_try(struct similar *s, struct span c)
{
	if (s->name_bytes == 0 || c.n > SIMILAR_BYTES_MAX || c.n == 0 || c.p[0] == '_')
		return;
	unsigned edits =
	    similar_edits(span_of(s->name, s->name_bytes), c, s->edits - 1);
	if (edits == 0 || edits >= s->edits)
		return;
	s->edits = edits;
	memcpy(s->best, c.p, c.n);
	s->best[c.n] = '\0';
}
