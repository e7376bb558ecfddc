/*
 * http_ui.h: the web page at /ui: its files, who may see it, what it may do, and the
 * streams that keep it up to date. Of the HTTP face (http*.c) only.
 *
 * Who asks shows a token of a session, or a master key, in the header Authorization.
 * Nothing is sent by a browser on its own (no cookie), so no other site can act through it.
 */
#ifndef DEFERD_HTTP_UI_H
#define DEFERD_HTTP_UI_H

#include "http_impl.h"
#include "ui_feed.h"
#include "ui_session.h"

#define UI_STREAMS_MAX 16
TAILQ_HEAD(ui_stream_list, ui_stream);

struct ui {
	struct ui_sessions sessions;
	struct ui_door door;
	int64_t started_ms;
	struct ui_stream_list streams;
	size_t stream_n;
	struct event *tick; /* only while there are streams */
};

int ui_init(struct http *); /* 0, or -1 */
void ui_fini(struct http *);
/* Everything below /ui; r->path is what follows it. */
void ui_serve(struct http_req *);
/* The apps that a token or master key opens. False: none. */
bool ui_look(struct http *, struct span credential, struct ui_viewer *);
/* The same for a request; false: it was refused, and answered. */
bool ui_admit(struct http_req *, struct ui_viewer *);

/* --- http_ui_act.c: what the page's buttons do --- */
/* POST tasks/<id>/<verb>, lanes/<lane>/<verb>; GET tasks/<id>. */
void ui_serve_task(struct http_req *, const struct ui_viewer *, struct span id, struct span verb);
void ui_serve_lane(struct http_req *, const struct ui_viewer *, struct span lane, struct span verb);

/* --- http_ui_stream.c --- */
/* Answers with server-sent events until the client leaves, reads too slowly, or its
 * session ends: "hello" once, then "pool" again and again. */
void ui_stream_open(struct http_req *, const struct ui_viewer *);
void ui_stream_tick_cb(evutil_socket_t, short, void *http);
/* Their connections are about to be closed by evhttp. */
void ui_stream_fini(struct http *);

#endif
