/*
 * check.h: the assertion vocabulary.
 *
 * ASSERT(x)      an invariant of our own: logs the place, then aborts.
 * NEVER("why")   a branch that cannot be reached.
 * MAGIC / CHECK  every heap object that travels through a void pointer starts
 *                with `unsigned magic`; CHECK proves the cast.
 *
 * Only for our own mistakes. Input from outside, whoever sent it, never gets here.
 */
#ifndef DEFERD_CHECK_H
#define DEFERD_CHECK_H

#include <stddef.h>
#include <stdint.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define MUST_USE __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, field) ((type *)((char *)(p)-offsetof(type, field)))

/* Logs "bug: file:line: text" with errno untouched, then abort()s. */
void check_failed(const char *file, int line, const char *text) NORETURN;

#define ASSERT(x) ((x) ? (void)0 : check_failed(__FILE__, __LINE__, #x))
#define NEVER(why) check_failed(__FILE__, __LINE__, why)
#define CHECK(p, m) ASSERT((p) != NULL && (p)->magic == (m))

/* Heap memory or abort: for the small fixed structs of start-up and of our own
 * book-keeping, where there is nothing better to do. Anything whose size comes
 * from outside uses buf.h or plain malloc and reports ERR_NOMEM. */
void *xcalloc(size_t count, size_t size_bytes);
void *xmemdup(const void *p, size_t n_bytes);
char *xstrdup(const char *s);

#endif
