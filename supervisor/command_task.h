/*
 * command_task.h: what the commands about tasks have in common.
 */
#ifndef DEFERD_COMMAND_TASK_H
#define DEFERD_COMMAND_TASK_H

#include "command.h"

#define TASKS_DEFAULT 50
#define ID_TAIL 12 /* characters of an id in a table: its random end */

/* The task of the argument ID; NULL: refused. */
struct task *command_find_task(struct command_call *);
/* The options state, app, lane, name, fault and limit into a filter; false: refused. */
bool command_take_filter(struct command_call *, struct task_filter *);
/* An answer about one task. */
void command_say_task(struct command_call *, const char *id, const char *state, const char *text);

#endif
