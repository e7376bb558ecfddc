/*
 * http_envelope.c: packs what a request brings into a task's envelope (kinds.h): body,
 * parameters, query, path, headers, address, context.
 */
#include "http_impl.h"
#include "json.h"

/* A map's head whose count is filled in at the end. */
static size_t
map_open(struct buf *b)
{
	static const uint8_t head[5] = {0xdf};

	buf_add(b, head, sizeof head);
	return b->n;
}

static void
map_close(struct buf *b, size_t at, uint32_t pairs)
{
	if (b->failed)
		return;
	for (int i = 1; i <= 4; i++, pairs >>= 8)
		b->p[at - (size_t)i] = (uint8_t)pairs;
}

static uint32_t
pack_query(struct http *http, msgpack_packer *pk, struct span query)
{
	struct span name, value;
	uint32_t n = 0;

	for (; query_next(http, &query, &name, &value); n++) {
		http_pack_text(pk, name);
		http_pack_text(pk, value);
	}
	return n;
}

static uint32_t
pack_path(struct http *http, msgpack_packer *pk, const struct route_match *m)
{
	struct span value;
	size_t n = m ? m->n : 0;

	for (size_t i = 0; i < n; i++) {
		if (!http_decode(http, m->param[i].value, false, &value))
			value = m->param[i].value;
		http_pack_text(pk, m->param[i].name);
		http_pack_text(pk, value);
	}
	return (uint32_t)n;
}

static void
pack_body(msgpack_packer *pk, const struct call_input *in)
{
	if (in->body)
		json_pack_value(pk, in->body, in->typed);
	else if (in->text.p)
		mp_put_str(pk, in->text);
	else
		msgpack_pack_nil(pk);
}

/* Later pairs win over earlier ones of the same name. */
static void
pack_params(const struct http_req *r, msgpack_packer *pk, const struct call_input *in)
{
	struct buf *b = pk->data;
	bool path = in->params == PARAMS_QUERY_BODY_PATH && in->route && in->route->n;
	uint32_t n = 0;

	if (in->params == PARAMS_BODY || (!path && r->query.n == 0)) {
		msgpack_pack_nil(pk);
		return;
	}
	size_t at = map_open(b);
	if (in->params == PARAMS_QUERY_BODY_PATH)
		n += pack_query(r->http, pk, r->query);
	if (json_is_object(in->body)) {
		json_pack_pairs(pk, in->body, in->typed);
		n += (uint32_t)json_object_size(in->body);
	}
	if (in->params == PARAMS_BODY_QUERY)
		n += pack_query(r->http, pk, r->query);
	else
		n += pack_path(r->http, pk, in->route);
	map_close(b, at, n);
}

static void
pack_texts(const struct http_req *r, msgpack_packer *pk, const struct call_input *in)
{
	struct buf *b = pk->data;
	size_t at;

	if (r->query.n) {
		at = map_open(b);
		map_close(b, at, pack_query(r->http, pk, r->query));
	} else {
		msgpack_pack_nil(pk);
	}
	if (in->route && in->route->n) {
		at = map_open(b);
		map_close(b, at, pack_path(r->http, pk, in->route));
	} else {
		msgpack_pack_nil(pk);
	}
}

void
call_pack(const struct http_req *r, const struct call_input *in, struct buf *out)
{
	msgpack_packer pk = mp_packer(out);

	buf_reset(out);
	msgpack_pack_array(&pk, ENV_COUNT);
	pack_body(&pk, in);
	pack_params(r, &pk, in);
	pack_texts(r, &pk, in);
	http_req_pack_headers(r, &pk);
	http_pack_text(&pk, span_str(http_req_ip(r)));
	if (in->context)
		json_pack_value(&pk, in->context, false);
	else
		msgpack_pack_nil(&pk);
	msgpack_pack_uint64(&pk, r->master ? ENV_MASTER : 0);
}
