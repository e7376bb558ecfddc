/*
 * json.h: JSON text -> msgpack and msgpack -> JSON text, with the rules for values:
 * signed 64-bit integers are exact, a larger one is refused; floats stay floats; strings
 * are UTF-8; depth at most MP_DEPTH_MAX; a Time is written as its dialect writes it.
 */
#ifndef DEFERD_JSON_H
#define DEFERD_JSON_H

#include "../common/jsonw.h"
#include "../common/mp.h"
#include <jansson.h>

#define JSON_WHY_BYTES 200

/* Text of any JSON type -> a DOM that the caller owns, checked for depth. NULL: why says
 * what is wrong and where. */
json_t *json_read(struct span text, char why[JSON_WHY_BYTES]) MUST_USE;

/* Packs a value of json_read. typed: {"__type": "Date", "iso": ...} becomes a time. */
void json_pack_value(msgpack_packer *, const json_t *, bool typed);
/* The pairs of an object, without the map's head. */
void json_pack_pairs(msgpack_packer *, const json_t *object, bool typed);

enum json_style {
	JSON_PLAIN, /* Time: RFC 3339 text; bin: base64 text */
	JSON_TYPED  /* Parse: {"__type": "Date"}, {"__type": "Bytes"} */
};
/* Writes the next value of c as JSON. 0 or what reading said; then the JSON is not whole. */
int json_write_value(struct jsonw *, struct mp *c, enum json_style) MUST_USE;

/* Writes one whole value; null when it is none that can be shown. */
void json_write_whole(struct jsonw *, struct span value, enum json_style);

#endif
