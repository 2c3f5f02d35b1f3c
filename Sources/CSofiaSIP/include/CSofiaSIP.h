/* Sofia-SIP for Swift: what its headers declare, and a function for each thing that Swift cannot import. What takes the place of functions of Sofia is in CSofiaSIP.c. */
#ifndef C_SOFIA_SIP_H
#define C_SOFIA_SIP_H

/* Before any Sofia header: su_configure.h defines _GNU_SOURCE, after which <sys/select.h> would differ from Glibc's. */
#include <features.h>
#include <sys/types.h>
#include <sys/select.h>
#include <sys/eventfd.h>

#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/su_time.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/hostdomain.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sresolv.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/nua_tag.h>
/* The plugin's newer members, which the library is built with. */
#define SOFIA_EXTEND_AUTH_CLIENT 1
#include <sofia-sip/auth_client.h>
#include <sofia-sip/auth_client_plugin.h>

/** Bytes that Sofia reads from a connection at a time, at the most: a few messages, or a part of a long one. */
#define TERN_READ_LIMIT 4096

/** Sofia's clock hook: exported by the library, declared by no header. Called by su_time() and su_now(). */
extern void (*_su_time)(su_time_t *tv);

/** Swift refuses to touch a mutable C global: this sets it. */
static inline void tern_su_set_clock(void (*clock)(su_time_t *tv)) { _su_time = clock; }

/* Verbs of NUA are variadic: here each takes one list of tags, which it hands on. Tags are copied by Sofia. */

static inline nua_t *tern_nua_create(su_root_t *root, nua_callback_f callback, void *magic, tagi_t const *tags)
{
  return nua_create(root, callback, (nua_magic_t *)magic, TAG_NEXT(tags));
}

static inline nua_handle_t *tern_nua_handle(nua_t *nua, void *magic, tagi_t const *tags)
{
  return nua_handle(nua, (nua_hmagic_t *)magic, TAG_NEXT(tags));
}

static inline void tern_nua_handle_bind(nua_handle_t *nh, void *magic) { nua_handle_bind(nh, (nua_hmagic_t *)magic); }

/** The phrase is not copied: it must outlive the transaction. */
static inline void tern_nua_respond(nua_handle_t *nh, int status, char const *phrase, tagi_t const *tags)
{
  nua_respond(nh, status, phrase, TAG_NEXT(tags));
}

#define TERN_NUA_VERB(verb) \
  static inline void tern_nua_##verb(nua_handle_t *nh, tagi_t const *tags) { nua_##verb(nh, TAG_NEXT(tags)); }

TERN_NUA_VERB(invite)
TERN_NUA_VERB(ack)
TERN_NUA_VERB(cancel)
TERN_NUA_VERB(bye)
TERN_NUA_VERB(prack)
TERN_NUA_VERB(info)
TERN_NUA_VERB(method)
TERN_NUA_VERB(register)
TERN_NUA_VERB(options)
TERN_NUA_VERB(authenticate)
TERN_NUA_VERB(set_hparams)

static inline void tern_nua_set_params(nua_t *nua, tagi_t const *tags) { nua_set_params(nua, TAG_NEXT(tags)); }

/* Swift gets the address of a copy when it takes the address of a C global: each tag has a function. */

#define TERN_TAG(tag) static inline tag_type_t tern_##tag(void) { return tag; }

TERN_TAG(nutag_url)
TERN_TAG(nutag_media_enable)
TERN_TAG(nutag_appl_method)
TERN_TAG(nutag_with)
TERN_TAG(nutag_method)
TERN_TAG(nutag_session_timer)
TERN_TAG(nutag_min_se)
TERN_TAG(nutag_update_refresh)
TERN_TAG(nutag_autoack)
TERN_TAG(nutag_autoanswer)
TERN_TAG(nutag_autoalert)
TERN_TAG(nutag_auto302)
TERN_TAG(nutag_auto305)
TERN_TAG(nutag_retry_count)
TERN_TAG(nutag_max_retry_after)
TERN_TAG(nutag_initial_route_str)
TERN_TAG(ntatag_default_proxy)
TERN_TAG(nutag_auth)
TERN_TAG(nutag_dialog)
TERN_TAG(ntatag_maxsize)
TERN_TAG(ntatag_mclass)
TERN_TAG(ntatag_sip_t1)
TERN_TAG(ntatag_sip_t1x64)
TERN_TAG(srestag_resolv_conf)
TERN_TAG(tptag_log)
TERN_TAG(tptag_idle)
TERN_TAG(tptag_timeout)
TERN_TAG(tptag_keepalive)
TERN_TAG(tptag_sdwn_error)
TERN_TAG(tptag_tls_passphrase)
TERN_TAG(tptag_pong2ping)
TERN_TAG(ntatag_udp_mtu)
TERN_TAG(tptag_udp_rmem)
TERN_TAG(tptag_udp_wmem)
TERN_TAG(siptag_from_str)
TERN_TAG(siptag_to_str)
TERN_TAG(siptag_contact)
TERN_TAG(siptag_contact_str)
TERN_TAG(siptag_content_type_str)
TERN_TAG(siptag_payload_str)
TERN_TAG(siptag_accept_str)
TERN_TAG(siptag_allow_str)
TERN_TAG(siptag_supported_str)
TERN_TAG(siptag_require_str)
TERN_TAG(siptag_user_agent_str)
TERN_TAG(siptag_max_forwards_str)
TERN_TAG(siptag_rack_str)
TERN_TAG(siptag_reason_str)
TERN_TAG(siptag_retry_after_str)
TERN_TAG(siptag_unsupported_str)
TERN_TAG(siptag_warning_str)
TERN_TAG(siptag_header_str)
TERN_TAG(siptag_authorization)
TERN_TAG(siptag_authorization_str)
TERN_TAG(siptag_proxy_authorization)
TERN_TAG(siptag_proxy_authorization_str)
TERN_TAG(siptag_call_id_str)
TERN_TAG(siptag_cseq_str)
TERN_TAG(siptag_expires_str)
TERN_TAG(siptag_event_str)
TERN_TAG(siptag_subscription_state_str)

/** The value of Refer-Sub (RFC 4488), without parameters; NULL where there is none. */
static inline char const *tern_sip_refer_sub(sip_t const *sip)
{
  sip_refer_sub_t const *header = sip_refer_sub(sip);
  return header != NULL ? header->rs_value : NULL;
}

/** The name of a header field that Sofia could not parse; its list holds headers of other classes as well. */
static inline char const *tern_sip_error_name(sip_error_t const *error)
{
  sip_header_t const *header = (sip_header_t const *)error;
  return header->sh_class == sip_error_class ? error->er_name : header->sh_class->hc_name;
}

/** What a message says; NULL when it is no SIP. */
static inline sip_t const *tern_sip_object(msg_t *msg) { return sip_object(msg); }

/** Where a message came from; its port and address are for getnameinfo(). */
static inline struct sockaddr const *tern_msg_source(msg_t *msg, socklen_t *length)
{
  su_addrinfo_t const *info = msg ? msg_addrinfo(msg) : NULL;
  if (info == NULL || info->ai_addr == NULL) return NULL;
  *length = (socklen_t)info->ai_addrlen;
  return (struct sockaddr const *)info->ai_addr;
}

/** Sends Sofia's log lines, formatted and cut to 1,023 bytes, to `sink`; lines above `level` (0 to 9) are not made. */
void tern_su_log_to(void (*sink)(char const *line), unsigned level);

/** The messages that Sofia parses, without host names that it would look up in a Via; `on_trying` is called for each 100, `on_reliable` for each message
 *  with RSeq, which is not parsed to its end yet. NULL when memory is short. */
msg_mclass_t const *tern_sip_mclass(void (*on_trying)(char const *call_id), void (*on_reliable)(msg_t *message));

/** Says which dialogs the peer has left, from 1 on for such a one: a 2xx to an INVITE of ours in it is acknowledged, and no BYE follows. */
void tern_on_orphan(int (*is_left)(char const *call_id, char const *local_tag, char const *remote_tag));

/** Shows each message that was received, or sent, repetitions included, to `sink`, where TPTAG_LOG() is set. */
void tern_on_message(void (*sink)(msg_t *message, tport_t *transport, int is_sent));

/** Decides about a request that is outside of dialogs, and no repetition of one that has a transaction; or about an ACK. Not 0: it has been answered or
 *  dropped, by tern_reply() or msg_destroy(). `number` is the agent's. */
typedef int (*tern_filter_f)(long number, nta_agent_t *agent, tport_t *transport, msg_t *message);

/** The next agent that is created is `number`, which is not 0: its requests are shown to `filter` before there is any state of them. */
void tern_filter_requests(tern_filter_f filter, long number);

/** The agent of that number is about to go, or was never made. */
void tern_filter_nothing(long number);

/** Answers a request without a transaction (RFC 3261 section 8.2.7), to where it came from. The phrase is not copied; `to_tag` ("tag=x") is for a To
 *  without one. The request is used up. */
int tern_reply(
  nta_agent_t *agent, msg_t *request, int status, char const *phrase, char const *to_tag, tagi_t const *tags);

/** Has the response go to where the message came from (RFC 3261 section 18.2.1, RFC 3581 section 4). */
void tern_add_source(su_home_t *home, msg_t *message, sip_via_t *via);

/** Asks before each BYE and each final or reliable response to an INVITE goes out over UDP, repetitions included, whether it is to be sent. `host` is the
 *  address that it goes to; `is_asked` is not 0 for the one response to an INVITE that came again, or is answered without a transaction: no timer sends it. */
void tern_on_sending(int (*is_sent)(sip_t const *sip, char const *host, int is_asked));

/** What was read of a connection. */
typedef enum {
  /** Nothing of a message: line ends and blanks. */
  tern_piece_none,
  /** More of the message that has begun, or the beginning of one; or of what is no message, after which nothing is read any more. */
  tern_piece_more,
  /** The end of a message, and the beginning of another one. */
  tern_piece_first,
  /** The end of a message. */
  tern_piece_last
} tern_piece_t;

/** Tells `sink` what was read of a TCP or TLS connection, in each turn of the loop in which something was. */
void tern_on_pieces(void (*sink)(struct sockaddr const *peer, socklen_t length, void const *connection, tern_piece_t piece));

/** Asks before a listening socket accepts a connection. Not 0: it does; else it is not watched until tern_resume_accepting(). */
void tern_on_accepting(int (*is_accepted)(void));
void tern_resume_accepting(void);

/** The socket that was read last. */
extern su_socket_t tern_datagram_socket;

/** `udp`, `tcp` or `tls`. */
char const *tern_tport_protocol(tport_t const *transport);

/** The address that a transport, or the one that a connection belongs to, is bound to. */
struct sockaddr const *tern_tport_local(tport_t const *transport, socklen_t *length);

/** Whether there is a sink for messages: see tern_on_message(). */
int tern_is_showing(void);

/** The datagram that a message was read from, as it came: until the message has been shown; NULL for all others. */
char const *tern_datagram(msg_t const *message, size_t *length);
void tern_forget_datagram(void);

/** How long a message is on the wire, in bytes; 0 where it does not lie in memory that way: then tern_message_text() has it. */
size_t tern_message_length(msg_t *message);

/** Copies a message whose tern_message_length() is not 0, at most `size` bytes of it, and returns how many. */
size_t tern_message_copy(msg_t *message, char *buffer, size_t size);

/** A message as it is on the wire, on the heap; NULL where it cannot be had. free() it. */
char *tern_message_text(msg_t *message, size_t *length);

/** Has Sofia's authentication client compute nothing: a challenge is kept until nua_authenticate() brings any NUTAG_AUTH(), and the
 *  request is repeated with the header fields that come with it. */
int tern_auc_stand_aside(void);

#endif
