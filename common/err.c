/*
 * err.c: the words of the error table.
 */
#include "err.h"
#include "check.h"

struct err_row {
	const char *name, *text;
};

static const struct err_row err_rows[ERR_COUNT] = {[ERR_NONE] = {"NONE", "no error"},
#define X(name, text) [ERR_##name] = {#name, text},
    ERR_TABLE(X)
#undef X
};

static const struct err_row *
err_row(int err)
{
	static const struct err_row other = {"?", "?"};
	unsigned n = err < 0 ? 0u - (unsigned)err : (unsigned)err;

	return n < ERR_COUNT ? &err_rows[n] : &other;
}

const char *
err_name(int err)
{
	return err_row(err)->name;
}

const char *
err_text(int err)
{
	return err_row(err)->text;
}
