/*
 * conf_host.c: the hosts that an app's handlers may speak HTTP with.
 */
#include "../common/hostrule.h"
#include "conf_read.h"

void
conf_fill_host(struct conf_read *r, enum conf_id id, const struct conf_node *node)
{
	const char *text = conf_node_text(r, id, node), *why;
	char path[CONF_PATH_BYTES];
	struct hostrule rule;

	if (!text)
		return;
	if (hostrule_parse(text, &rule, &why) == 0)
		conf_list_add(conf_read_field(r, id), text);
	else
		conf_blame(r, node->at,
		    "%s: \"%.60s\": %s: expected a name, *.name, an address or a "
		    "network, with :port if need be",
		    conf_read_path(r, id, path, sizeof path), text, why);
}
