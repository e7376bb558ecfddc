/*
 * conv.h: values between msgpack and Ruby. Keys become Strings, never symbols: mruby
 * does not free those. Depth at most MP_DEPTH_MAX both ways.
 */
#ifndef DEFERD_CONV_H
#define DEFERD_CONV_H

#include "../common/mp.h"
#include "gate.h"

/* One msgpack value as a Ruby value. 0 or -ERR_*; MAY_RAISE. *out is in the arena. */
int conv_read(struct vm *, struct span, mrb_value *out) MUST_USE;

/* Appends the value as msgpack; what it is called ("result") starts the path in *why
 * when it cannot be: "result.items[3].price: NaN cannot be encoded". 0, -ERR_TYPE, or
 * -ERR_TOO_LARGE over max_bytes. MAY_RAISE. */
int conv_write(struct vm *, mrb_value, const char *what, size_t max_bytes,
    struct buf *out, struct buf *why) MUST_USE;

/* For the JSON writer: the same path as text. */
struct conv_path {
	const struct conv_path *up;
	mrb_value key; /* String; nil: index */
	mrb_int index;
	const void *in; /* the Array or Hash that has it */
};
void conv_path_text(const struct conv_path *, const char *what, struct buf *out);
/* Appends why the value there, MP_DEPTH_MAX levels down, is refused: it is nested too
 * deep, or contains itself; then the place is where it first does. */
void conv_deep_text(const struct conv_path *, mrb_value, const char *what, struct buf *out);
/* A Hash key as String: String, Symbol, number, true, false, nil; else nil. */
mrb_value conv_key(struct vm *, mrb_value key);
/* The double that a Ruby Float stands for. */
double conv_mend_float(double);
/* Seconds and nanoseconds of a Time. MAY_RAISE. */
void conv_time(struct vm *, mrb_value time, int64_t *s, uint32_t *ns);

#endif
