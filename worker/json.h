/*
 * json.h: the two halves of the module JSON: api_json.c parses, json_out.c generates.
 */
#ifndef DEFERD_JSON_H
#define DEFERD_JSON_H

#include "engine.h"

struct RClass *json_error_class(mrb_state *);
void json_define_generate(struct engine *, struct RClass *json);

#endif
