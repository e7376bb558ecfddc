/*
 * http_impl.h: what the rooms of the HTTP face share: a request as it was read, a reply
 * as it is written, a call that waits for its task, and the table that makes a dialect.
 * Nobody outside http*.c includes it.
 */
#ifndef DEFERD_HTTP_IMPL_H
#define DEFERD_HTTP_IMPL_H

#include "../common/jsonw.h"
#include "../common/mp.h"
#include "core.h"
#include "http.h"
#include <event2/event.h>
#include <event2/event_struct.h>
#include <jansson.h>

struct evhttp;
struct evhttp_connection;
struct evhttp_request;
struct bufferevent;
struct call;
struct http_req;
struct poll;
struct polls;

/* --- faults, as a client is told them --- */

struct trouble {
	enum fault fault;
	const char *message; /* NULL: the fault's text */
	const char *class;   /* of the Ruby error, or NULL */
	struct span backtrace; /* msgpack, or none */
	int64_t code;	     /* the handler's own, when has_code */
	bool has_code;
	int status; /* that the handler asked for; 0: none */
};

/* --- dialects --- */

enum call_form { /* how a result stands in the reply */
	FORM_PLAIN,
	FORM_EVENT /* Backendless: a hash as it is, else {"result": V} */
};

struct dialect {
	/* Routes and answers (or submits) a request. */
	void (*serve)(struct http_req *);
	/* The reply to a sync call whose task has ended or was given up. */
	void (*answer)(struct call *, struct task *);
	/* The reply to an accepted async task. */
	void (*accepted)(struct call *, struct task *);
	int (*trouble_status)(const struct trouble *);
	void (*write_trouble)(struct jsonw *, const struct trouble *);
	/* Headers that every reply has besides Content-Type; NULL: none. */
	void (*add_headers)(struct evhttp_request *);
};
extern const struct dialect dialect_native, dialect_backendless, dialect_parse;

/* --- the room --- */

TAILQ_HEAD(call_list, call);

struct http {
	struct event_base *base; /* borrowed */
	struct core *core;	 /* borrowed */
	struct stats *stats;	 /* the core's */
	struct evhttp *server;
	struct http_listener {
		struct evconnlistener *listener; /* the server's */
		char *url;			 /* owned */
		bool kept; /* the service manager holds the socket, too */
	} * listener;				 /* owned */
	size_t listener_n;
	struct buf out;	    /* the reply that is being written */
	struct buf text;    /* decoded names and parameters of the request being read */
	struct buf envelope; /* of the task being submitted */
	struct jsonw w;	    /* over out */
	/* calls */
	struct call_list young, watched, spare;
	struct polls *polls; /* owned */
	size_t pending, spare_n;
	size_t unsent; /* replies on their way */
	struct event *sweep; /* moves young calls to the watched ones */
	/* connections */
	size_t connections, connections_max;
	struct bufferevent **fresh; /* accepted in this turn, a reference held on each */
	size_t fresh_n, fresh_room;
	struct event *greet; /* looks at the fresh ones */
	bool paused, stopping;
	struct http_subject { /* what is being answered, for the access log */
		const struct http_req *req; /* NULL: not from within its callback */
		const struct task *task;
		int64_t began_ns; /* 0: nobody wants to know */
	} subject;
	struct ui *ui; /* of the web page: http_ui.h */
};

/* --- a request as it was read --- */

enum verb { VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE, VERB_HEAD,
	VERB_OPTIONS, VERB_COUNT };
const char *verb_name(enum verb);

/* X(symbol, name, secret): secret ones are not handed to handlers. */
#define HTTP_HEADER_TABLE(X)                                                              \
	X(HOST, "host", false)                                                            \
	X(CONTENT_LENGTH, "content-length", false)                                        \
	X(TRANSFER_ENCODING, "transfer-encoding", false)                                  \
	X(CONTENT_TYPE, "content-type", false)                                            \
	X(CONTENT_ENCODING, "content-encoding", false)                                    \
	X(AUTHORIZATION, "authorization", true)                                           \
	X(EXECUTION, "bl-execution-type", false)                                          \
	X(DURABILITY, "deferd-durability", false)                                         \
	X(ASK_HEADERS, "access-control-request-headers", false)                           \
	X(PARSE_APP, "x-parse-application-id", false)                                     \
	X(PARSE_REST, "x-parse-rest-api-key", true)                                       \
	X(PARSE_JAVASCRIPT, "x-parse-javascript-key", true)                               \
	X(PARSE_CLIENT, "x-parse-client-key", true)                                       \
	X(PARSE_WINDOWS, "x-parse-windows-key", true)                                     \
	X(PARSE_MASTER, "x-parse-master-key", true)                                       \
	X(PARSE_CONTEXT, "x-parse-cloud-context", false)
enum http_header {
#define X(sym, name, secret) HDR_##sym,
	HTTP_HEADER_TABLE(X)
#undef X
	    HDR_COUNT
};

struct http_req {
	struct http *http;
	struct evhttp_request *ev;
	const struct dialect *dialect;
	enum verb verb;
	struct span path;  /* still encoded; no leading slash, no query */
	struct span query; /* still encoded; without the '?' */
	struct span body;
	const char *header[HDR_COUNT]; /* the first of that name; NULL: none */
	unsigned header_n;	       /* that a handler gets to see */
	struct app *app;	       /* once the caller has proved that it may */
	bool master;		       /* with the master key */
};

/* --- http_request.c --- */

/* Path and query of any form of target: "/x?y", "//x", "http://host/x?y". */
void http_split_target(const char *uri, struct span *path, struct span *query);
/* NULL: none that is known. */
const char *http_method_name(const struct evhttp_request *);

/* Reads line and headers; the body stays for http_req_body. False: the request must be
 * refused and the connection closed, *why says so. */
bool http_req_read(struct http_req *, struct http *, struct evhttp_request *, const char **why);
/* The body as one piece. */
void http_req_body(struct http_req *);
/* The path's next segment, still encoded; *rest moves behind its slash. */
struct span path_next(struct span *rest);
/* Percent-decodes into http->text, where it stays until the next request. False: not
 * UTF-8, or no room. plus: '+' is a blank. */
bool http_decode(struct http *, struct span raw, bool plus, struct span *out);
/* The next name=value of a query, decoded. False at the end. Empty names are left out. */
bool query_next(struct http *, struct span *query, struct span *name, struct span *value);
/* A string; bytes that are not UTF-8 are taken as Latin-1. */
void http_pack_text(msgpack_packer *, struct span);
/* The map of lower-case header names, secret ones left out. */
void http_req_pack_headers(const struct http_req *, msgpack_packer *);
const char *http_req_ip(const struct http_req *);
/* The media type without its parameters, "" when there is none. Compared without case. */
bool http_req_is_type(const struct http_req *, const char *type);
bool span_is_nocase(struct span, const char *);

/* --- http_key.c --- */

enum key_class { KEY_WRONG, KEY_REST, KEY_JAVASCRIPT, KEY_MASTER };
/* In a time that does not depend on how much of a key is right. */
enum key_class key_check(const struct app *, struct span key);
/* "Bearer xyz" -> xyz; empty when it is no such header. */
struct span key_bearer(const char *authorization);
/* "Basic ..." -> user and password, decoded into http->text. */
bool key_basic(struct http *, const char *authorization, struct span *user, struct span *word);

/* --- http_reply.c --- */

/* The writer of the reply's body, which is empty now. */
struct jsonw *reply_begin(struct http *);
void reply_header(struct evhttp_request *, const char *name, const char *value);
/* Sends what was written as JSON. */
void reply_send(struct http *, struct evhttp_request *, const struct dialect *, int status);
/* The same as another media type; nothing is added to it. */
void reply_send_as(struct http *, struct evhttp_request *, const struct dialect *, int status,
    const char *type);
void reply_trouble(
    struct http *, struct evhttp_request *, const struct dialect *, const struct trouble *);
/* Refuses a request that became no task. fmt NULL: the fault's text. */
void reply_refuse(struct http_req *, enum fault, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* 405, and which methods are allowed: "GET, POST". */
void reply_refuse_method(struct http_req *, const char *allowed);
/* Deferd-Durability: how safe an accepted task is. */
void reply_add_durability(struct call *);
/* Server-Timing, on every dialect's answer to a sync call. */
void reply_add_timing(struct call *, const struct task *);
/* What a task's end means to its client. */
struct trouble trouble_of(const struct task *);
const char *trouble_text(const struct trouble *);
/* Cloud::Response: its headers into the reply; *type is its Content-Type or NULL, good as
 * long as the task. The status to send, `otherwise` when it asked for none. */
int reply_take_response(
    struct evhttp_request *, const struct task *, const char **type, int otherwise);

#define STATUS_CLIENT_LEFT 499 /* only there */
/* A line of the access log about it; conn is its connection. */
void reply_log(struct http *, struct evhttp_request *, struct evhttp_connection *conn,
    int status);

/* --- http_call.c, http_envelope.c --- */

struct call {
	struct http *http;
	struct evhttp_request *ev;
	struct evhttp_connection *conn;
	const struct dialect *dialect;
	struct task *task; /* NULL: a poll's, which knows its id */
	struct poll *poll; /* it waits for a task that is not its own; or NULL */
	enum call_form form;
	bool master, watching, probed;
	bool relaxed;	/* an async one, which does not wait for the disk */
	bool accepting; /* an async one, which waits for its commit */
	int64_t began_ms;
	int64_t began_ns; /* when the request was whole; 0: nobody wants to know */
	struct event watch;
	TAILQ_ENTRY(call) link;
};

enum call_params { /* what req.params is made of, the later over the earlier */
	PARAMS_BODY,
	PARAMS_QUERY_BODY_PATH,
	PARAMS_BODY_QUERY
};

struct call_input {
	struct handler *handler;
	enum execution execution;
	enum call_form form;
	int64_t timeout_ms;
	int64_t due_wall_ms; /* 0: at once */
	int attempts;	     /* 0: the handler's */
	struct span key;     /* n 0: none */
	enum keys_sort key_sort;
	const json_t *body; /* NULL: none, or text */
	struct span text;   /* a body that is text, when text.p is set */
	bool typed;	    /* body in Parse's encoding */
	enum call_params params;
	const struct route_match *route; /* or NULL */
	const json_t *context;		 /* or NULL */
	bool trace;			 /* its time is to be told */
};
/* Packs the input into out, which is emptied first; check out->failed. */
void call_pack(const struct http_req *, const struct call_input *, struct buf *out);
/* Packs the input, submits it, answers an async one at once and a sync one later. */
void call_submit(struct http_req *, const struct call_input *);
/* The request waits, and its client is watched, until call_end. NULL: no memory. */
struct call *call_hold(struct http_req *, struct poll *);
/* It is about to be answered, and logged as one about the task (or NULL). */
void call_unhold(struct call *, const struct task *);
/* It is no more. */
void call_end(struct call *);
/* The waiting call of a connection that is gone, from its close callback. */
void call_on_close(struct evhttp_connection *, void *call);
/* Gives up every waiting call, and frees the spare ones. */
void call_fini(struct http *);
int call_init(struct http *);

/* --- http_poll.c: GET .../tasks/ID?wait= --- */

#define POLL_WAIT_MAX_S 60
#define POLL_MAX 1000

int poll_init(struct http *);
void poll_fini(struct http *); /* after call_fini */
/* Answers when the task has ended, or after wait_ms with what it then is. */
void poll_open(struct http_req *, const struct task *, int64_t wait_ms);
/* Its client has left: no memory of it is left. */
void poll_lose(struct poll *);
/* Answers all of them now. */
void poll_flush(struct http *);

/* --- http_conn.c --- */

int conn_init(struct http *);
void conn_fini(struct http *);
/* One connection fewer. */
void conn_closed(struct http *);
/* For evhttp_connection_set_closecb when no call waits. */
void conn_on_close(struct evhttp_connection *, void *http);
/* The same while a reply is on its way. */
void conn_on_close_unsent(struct evhttp_connection *, void *http);
/* Accepts (again), or not. */
void conn_pause(struct http *, bool pause);

/* --- http_task.c: a task as native clients see it --- */

void task_write_json(struct jsonw *, struct core *, const struct task *, bool master);
/* {"code", "message", "class"?, "backtrace"?}, of http_native.c */
void native_write_error(struct jsonw *, const struct trouble *);

/* --- http_system.c --- */

/* /healthz, /readyz, /metrics. False: the path is none of them. */
bool system_serve(struct http_req *, struct span first);

#endif
