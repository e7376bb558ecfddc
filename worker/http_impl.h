/*
 * http_impl.h: what the files http_*.c share. See http.h.
 */
#ifndef DEFERD_WORKER_HTTP_IMPL_H
#define DEFERD_WORKER_HTTP_IMPL_H

#include "engine.h"
#include <curl/curl.h>

/* Looked up by name in the opened library. */
#define HTTP_LIB_TABLE(X)                                                                 \
	X(global_init)                                                                    \
	X(easy_init)                                                                      \
	X(easy_cleanup)                                                                   \
	X(easy_reset)                                                                     \
	X(easy_setopt)                                                                    \
	X(easy_getinfo)                                                                   \
	X(easy_pause)                                                                     \
	X(easy_strerror)                                                                  \
	X(multi_init)                                                                     \
	X(multi_cleanup)                                                                  \
	X(multi_setopt)                                                                   \
	X(multi_add_handle)                                                               \
	X(multi_remove_handle)                                                            \
	X(multi_socket_action)                                                            \
	X(multi_assign)                                                                   \
	X(multi_info_read)                                                                \
	X(slist_append)                                                                   \
	X(slist_free_all)                                                                 \
	X(url)                                                                            \
	X(url_cleanup)                                                                    \
	X(url_set)                                                                        \
	X(url_get)                                                                        \
	X(free)

struct http_lib {
	void *handle;
	bool failed; /* and logged */
#define X(name) __typeof__(&curl_##name) name;
	HTTP_LIB_TABLE(X)
#undef X
};

struct transfer;
TAILQ_HEAD(transfer_list, transfer);

#define HTTP_IDLE_MAX 16 /* easy handles that are kept */

struct http {
	unsigned magic;
	struct engine *engine; /* borrowed */
	struct http_conf conf;
	struct http_lib lib;
	struct event_base *base; /* borrowed */
	CURLM *multi;		 /* from the first request on */
	struct event *timer, *pump;
	struct transfer_list waiting, active; /* active: handed to libcurl */
	size_t active_n;
	size_t held_bytes; /* of bodies, both ways */
	CURL *idle[HTTP_IDLE_MAX];
	size_t idle_n;
};

/* Where a request goes. */
struct http_url {
	char *full;  /* without user and fragment; owned */
	char *clean; /* ... and without query: for messages; owned */
	char *host;  /* no brackets; owned */
	char *user, *password; /* owned; or NULL */
	int port;
	bool tls;
};

/* What Ruby asks for. All borrowed. */
struct http_order {
	const char *method, *url;
	mrb_value headers; /* Array of Strings without NUL, "Name: value" */
	struct span body;
	bool has_body;
	int64_t timeout_ms; /* 0: no end of its own */
	int64_t connect_ms;
	int redirects;
	size_t body_bytes; /* of the response */
};

struct transfer {
	unsigned magic;
	TAILQ_ENTRY(transfer) place;
	struct http *http;
	struct pend *pend;
	CURL *easy; /* while libcurl has it */
	bool listed; /* in http->active with a handle, in http->waiting without */
	bool done; /* libcurl has done with it; a stream is still being read */
	char method[16];
	struct http_url url;
	struct curl_slist *headers;
	struct buf out; /* the request's body */
	bool has_out;
	int64_t connect_ms, timeout_ms;
	int redirects, redirects_max;
	struct buf head, body; /* of the response */
	size_t body_max;
	size_t held_bytes;
	int status;
	enum http_fault fault;
	char detail[CURL_ERROR_SIZE + 128];
	char library[CURL_ERROR_SIZE]; /* libcurl writes here */
	char what[128];
	pin stream; /* an HTTP::Stream, or 0 */
	bool reading, paused; /* of the stream */
	bool has_location;
	bool denied; /* an address was; detail says why */
};

/* --- http_lib.c --- */
/* 0, or -ERR_STATE with the reason logged. */
int http_lib_open(struct http_lib *) MUST_USE;

/* --- http_url.c --- */
/* Takes apart what a user wrote. NULL, or why it cannot be used; then there is nothing to
 * free. */
const char *http_url_parse(const struct http_lib *, const char *text, struct http_url *);
void http_url_fini(struct http_url *);
bool http_url_same_origin(const struct http_url *, const struct http_url *);

/* --- http_multi.c --- */
/* The engine's; made at the first call. */
struct http *http_of(struct engine *);
/* Opens what is not open yet. NULL, or why requests cannot be made. */
const char *http_open(struct http *);
/* Puts it behind those that wait: it begins when it may, from the loop. */
void http_enter(struct http *, struct transfer *);
/* Takes it out of libcurl's hands and of the lists: another may begin. */
void http_leave(struct transfer *);

/* --- http_transfer.c --- */
struct transfer *transfer_new(struct http *, const struct http_order *, struct http_url *);
void transfer_free(struct transfer *);
/* Sets up a handle for it. False: no memory. */
bool transfer_prepare(struct transfer *);

/* --- http_outcome.c --- */
/* Only the first fault counts. */
void transfer_fail(struct transfer *, enum http_fault, const char *detail);
/* What has come is a redirect, and its body nobody's. */
bool transfer_will_follow(const struct transfer *);
/* libcurl has done with it. True: it is to be begun once more, elsewhere (a redirect). */
bool transfer_ended(struct transfer *, CURLcode);
/* What a message says of a request to that URL. */
void http_fault_text(
    struct buf *, enum http_fault, const char *method, const char *url, const char *detail);
const char *http_fault_code(enum http_fault);

/* --- http_ruby.c --- */
struct http_told {
	enum http_fault fault;
	const char *method, *url, *detail;
};
/* A new HTTP::Error of the struct http_told; a gate's body. MAY_RAISE. */
mrb_value http_exception(mrb_state *, void *told);
/* The methods of HTTP::Stream. */
mrb_value http_stream_take(mrb_state *, mrb_value self);
mrb_value http_stream_fail(mrb_state *, mrb_value self);
/* Settles it: a response, or an HTTP::Error; and frees it. Not from within Ruby. */
void http_settle(struct transfer *);
/* Bytes have come for its stream: Ruby will take them. */
void http_wake_stream(struct transfer *);

#endif
