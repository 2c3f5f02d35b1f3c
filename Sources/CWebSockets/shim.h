#include <features.h>
#include <libwebsockets.h>

/* Macros that Swift cannot import, as constants of plain types. */
enum {
    tern_lws_pre = LWS_PRE,
    tern_lws_port_no_listen = CONTEXT_PORT_NO_LISTEN,
    tern_lws_port_no_listen_server = CONTEXT_PORT_NO_LISTEN_SERVER,
    tern_lws_kill_async = LWS_TO_KILL_ASYNC,
};

/* The gap that the public enumeration leaves between HTTP and PING: a close frame whose payload is the caller's. */
static const enum lws_write_protocol tern_lws_write_close = (enum lws_write_protocol)4;

static const uint64_t tern_lws_option_libuv = LWS_SERVER_OPTION_LIBUV;
static const uint64_t tern_lws_option_no_canonical_name = LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;

/* TLS on a listener whose SSL_CTX is ours to fill; what is no TLS comes through too, and is sent away with an answer. */
static const uint64_t tern_lws_options_tls =
    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
    LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT | LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;
