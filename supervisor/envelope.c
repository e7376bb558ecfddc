#include "envelope.h"

void
envelope_pack_bare(struct buf *out, struct span body)
{
	msgpack_packer pk = mp_packer(out);

	msgpack_pack_array(&pk, ENV_COUNT);
	if (body.n)
		buf_add_span(out, body);
	else
		msgpack_pack_nil(&pk);
	for (int i = ENV_PARAMS; i < ENV_FLAGS; i++)
		msgpack_pack_nil(&pk);
	msgpack_pack_uint64(&pk, 0);
}
