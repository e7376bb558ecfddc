/* text.c: see text.h. */
#include "text.h"
#include "../common/mp.h"

void
text_add_clean(struct buf *b, struct span s, size_t max_bytes)
{
	bool cut = s.n > max_bytes;
	size_t bad;

	if (cut) {
		s.n = max_bytes > 3 ? max_bytes - 3 : 0;
		while (s.n && (s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	while (s.n && !mp_utf8_valid(s, &bad)) {
		buf_add(b, s.p, bad);
		buf_add_byte(b, '?');
		s = span_of(s.p + bad + 1, s.n - bad - 1);
	}
	buf_add_span(b, s);
	if (cut)
		buf_add_str(b, "...");
}
