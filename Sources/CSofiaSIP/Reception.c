/* Requests before Sofia makes transactions of them, and responses that are not to be repeated: the functions here stand in front of the library's own
 * (docs/decisions/0010-requests-before-transactions.md). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CSofiaSIP.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <stdio.h>
#include <stdint.h>

#include <sofia-sip/msg_parser.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/tport.h>

#define USUAL(name) ((__typeof__(name) *)dlsym((void *)-1L /* RTLD_NEXT */, #name))

/* The agents whose requests are filtered, and the numbers by which the filter knows them. */
#define MOST_AGENTS 256
static struct { tp_stack_t *stack; long number; unsigned errors; } agents[MOST_AGENTS];
static tern_filter_f request_filter;
static long next_number;

static void (*usual_receive)(tp_stack_t *, tport_t *, msg_t *, tp_magic_t *, su_time_t);

void tern_filter_requests(tern_filter_f filter, long number)
{
  request_filter = filter;
  next_number = number;
}

void tern_filter_nothing(long number)
{
  int i;
  if (next_number == number) next_number = 0;
  for (i = 0; i < MOST_AGENTS; i++)
    if (agents[i].number == number) agents[i].stack = NULL, agents[i].number = 0;
}

static int index_of(tp_stack_t const *stack)
{
  int i;
  for (i = 0; i < MOST_AGENTS && agents[i].stack != stack; i++) {}
  return i;
}

/* Whether a request is one outside of dialogs, or an ACK, with which nothing is wrong, and which no transaction waits for. */
static int is_filtered(nta_agent_t *agent, unsigned errors, tport_t *transport, msg_t *message, sip_t const *sip)
{
  char const *protocol = tern_tport_protocol(transport);
  sip_request_t const *request = sip->sip_request;
  if (request == NULL || request->rq_method == sip_method_cancel) return 0;
  if (sip->sip_flags & (MSG_FLG_ERROR | MSG_FLG_TOOLARGE)) return 0;
  if ((msg_extract_errors(message) & errors) != 0 || sip_sanity_check(sip) < 0) return 0;
  if (strcasecmp(request->rq_version, sip_version_2_0) != 0 || sip->sip_via == NULL || sip->sip_via->v_protocol == NULL) return 0;
  if (strncmp(sip->sip_via->v_protocol, "SIP/2.0/", 8) != 0 || strcasecmp(sip->sip_via->v_protocol + 8, protocol) != 0) return 0;
  if (request->rq_method == sip_method_ack) return 1;
  return sip->sip_to->a_tag == NULL && nta_incoming_find(agent, sip, sip->sip_via) == NULL;
}

/* The INVITE that is dealt with, where the response to it is one for one: it came again, or is answered without a transaction. */
static msg_t *asking;

static void ask(msg_t *message)
{
  if (asking != NULL) msg_destroy(asking);
  asking = message != NULL ? msg_ref_create(message) : NULL;
}

static int has_transaction(nta_agent_t *agent, sip_t const *sip)
{
  return sip->sip_via != NULL && sip->sip_call_id != NULL && sip->sip_cseq != NULL && sip->sip_from != NULL && sip->sip_to != NULL &&
         nta_incoming_find(agent, sip, sip->sip_via) != NULL;
}

static void receive(tp_stack_t *stack, tport_t *transport, msg_t *message, tp_magic_t *magic, su_time_t now)
{
  int i = index_of(stack), is_handled;
  sip_t const *sip = sip_object(message);
  int is_invite = sip != NULL && sip->sip_request != NULL && sip->sip_request->rq_method == sip_method_invite;
  if (i < MOST_AGENTS && request_filter != NULL && sip != NULL && is_filtered((nta_agent_t *)stack, agents[i].errors, transport, message, sip)) {
    if (is_invite) ask(message);
    is_handled = request_filter(agents[i].number, (nta_agent_t *)stack, transport, message);
    ask(NULL);
    if (is_handled) return;
  } else if (is_invite && has_transaction((nta_agent_t *)stack, sip)) {
    ask(message);
  }
  usual_receive(stack, transport, message, magic, now);
  ask(NULL);
}

/* An agent that begins to listen: what its transports receive goes through receive(). */
tport_t *tport_tcreate(tp_stack_t *stack, tp_stack_class_t const *class, su_root_t *root, tag_type_t tag, tag_value_t value, ...)
{
  static __typeof__(tport_tcreate) *usual;
  static tp_stack_class_t filtered;
  tport_t *result;
  ta_list ta;
  int i = index_of(NULL);
  if (usual == NULL) usual = USUAL(tport_tcreate);
  if (usual == NULL || (next_number != 0 && i == MOST_AGENTS)) return NULL;
  if (next_number != 0) {
    usual_receive = class->tpac_recv;
    filtered = *class;
    filtered.tpac_recv = receive;
    class = &filtered;
    agents[i].stack = stack;
    agents[i].number = next_number;
    agents[i].errors = (unsigned)~(sip_mask_response | sip_mask_proxy | sip_mask_registrar | sip_mask_pref | sip_mask_privacy);
    next_number = 0;
  }
  ta_start(ta, tag, value);
  result = usual(stack, class, root, ta_tags(ta));
  ta_end(ta);
  return result;
}

int tern_reply(
  nta_agent_t *agent, msg_t *request, int status, char const *phrase, char const *to_tag, tagi_t const *tags)
{
  msg_t *response = nta_msg_create(agent, 0);
  sip_t const *received = sip_object(request);
  sip_t *sip = sip_object(response);
  if (sip == NULL) {
    msg_destroy(request);
    return -1;
  }
  tern_add_source(msg_home(request), request, received->sip_via);
  sip->sip_to = sip_to_dup(msg_home(response), received->sip_to);
  if (sip->sip_to != NULL && sip->sip_to->a_tag == NULL) sip_to_tag(msg_home(response), sip->sip_to, to_tag);
  return nta_msg_mreply(agent, response, sip, status, phrase, request, TAG_NEXT(tags));
}

/* Connections: what there is of a message that has not ended. Sofia has timers for that over TCP alone, each from one piece to the next. */

#define MOST_FRAGMENTS 8
static struct {
  /* Whose data are read; NULL where none are. */
  tport_t *transport;
  /* Room for the piece that is read. */
  msg_iovec_t room[MOST_FRAGMENTS];
  issize_t fragments;
  /* Whether more than line ends and blanks came, and came last; whether a message has ended, and was none. */
  int has_text, ends_in_text, is_delivered, is_broken;
  /* What has begun behind it. */
  msg_t *next;
} reading;

/* The datagram that was read last, as it came: its message is parsed in place. */
static struct { msg_t *message; size_t length; char text[65536]; } datagram;

char const *tern_datagram(msg_t const *message, size_t *length)
{
  if (message == NULL || datagram.message != message) return NULL;
  *length = datagram.length;
  return datagram.text;
}

void tern_forget_datagram(void) { datagram.message = NULL; }

static void keep_datagram(msg_t *message, char const *text, size_t length)
{
  /* Line ends before a message are no part of it (RFC 3261 section 7.5). */
  while (length > 0 && (*text == '\r' || *text == '\n')) text++, length--;
  datagram.message = message;
  datagram.length = length;
  if (length > 0) memcpy(datagram.text, text, length);
}

static void (*piece_sink)(struct sockaddr const *peer, socklen_t length, void const *connection, tern_piece_t piece);

void tern_on_pieces(void (*sink)(struct sockaddr const *peer, socklen_t length, void const *connection, tern_piece_t piece)) { piece_sink = sink; }

issize_t msg_recv_iovec(msg_t *message, msg_iovec_t room[], isize_t most, usize_t length, int is_exact)
{
  static __typeof__(msg_recv_iovec) *usual;
  issize_t i, count;
  if (usual == NULL) usual = USUAL(msg_recv_iovec);
  if (usual == NULL) return -1;
  count = usual(message, room, most, length, is_exact);
  tern_forget_datagram();
  if (room == NULL) return count;
  reading.fragments = count < MOST_FRAGMENTS ? count : MOST_FRAGMENTS;
  for (i = 0; i < reading.fragments; i++) reading.room[i] = room[i];
  return count;
}

isize_t msg_recv_commit(msg_t *message, usize_t length, int is_end)
{
  static __typeof__(msg_recv_commit) *usual;
  usize_t left = length, size, k;
  issize_t i;
  if (usual == NULL) usual = USUAL(msg_recv_commit);
  if (usual == NULL) return (isize_t)-1;
  if (reading.transport != NULL) {
    for (i = 0; i < reading.fragments && left > 0; i++, left -= size) {
      char const *text = reading.room[i].mv_base;
      size = reading.room[i].mv_len < left ? reading.room[i].mv_len : left;
      for (k = 0; k < size; k++) {
        reading.ends_in_text = text[k] != '\0' && strchr(" \t\r\n", text[k]) == NULL;
        reading.has_text |= reading.ends_in_text;
      }
    }
  } else if (is_end && reading.fragments == 1 && length <= sizeof datagram.text && length <= reading.room[0].mv_len) {
    keep_datagram(message, reading.room[0].mv_base, length);
  }
  reading.fragments = 0;
  return usual(message, length, is_end);
}

static void note_delivery(tport_t *transport, msg_t *message, msg_t *next)
{
  if (reading.transport != transport) return;
  reading.is_delivered = 1;
  /* Sofia reads no more of this connection. */
  reading.is_broken = msg_get_flags(message, MSG_FLG_TOOLARGE | MSG_FLG_ERROR) != 0;
  if (reading.next != NULL) msg_destroy(reading.next);
  reading.next = next != NULL ? msg_ref_create(next) : NULL;
}

static tern_piece_t piece_read(void)
{
  sip_t const *sip = reading.next != NULL ? sip_object(reading.next) : NULL;
  if (!reading.is_delivered) return reading.has_text ? tern_piece_more : tern_piece_none;
  if (reading.is_broken) return tern_piece_more;
  if (reading.next == NULL) return tern_piece_last;
  return reading.ends_in_text || (sip != NULL && (sip->sip_request != NULL || sip->sip_status != NULL)) ? tern_piece_first : tern_piece_last;
}

static void read_connection(tport_t *transport, void (*usual)(tport_t *))
{
  su_addrinfo_t const *info = tport_get_address(transport);
  su_sockaddr_t peer;
  socklen_t length = 0;
  tern_piece_t piece;
  if (reading.transport != NULL) {
    usual(transport);
    return;
  }
  if (info != NULL && info->ai_addr != NULL && info->ai_addrlen <= sizeof peer) {
    length = (socklen_t)info->ai_addrlen;
    memcpy(&peer, info->ai_addr, length);
  }
  memset(&reading, 0, sizeof reading);
  reading.transport = transport;
  usual(transport);
  reading.transport = NULL;
  piece = piece_read();
  if (reading.next != NULL) msg_destroy(reading.next);
  reading.next = NULL;
  if (piece != tern_piece_none && length > 0 && piece_sink != NULL) piece_sink(&peer.su_sa, length, transport, piece);
}

/* Datagrams: Sofia reads one in each turn of the loop. Under load the others wait in the system's buffer, with ACK and BYE behind INVITEs. Here they are read
 * as long as there are any, and INVITEs for new calls come last. */

#define MOST_DATAGRAMS 256
/* New calls after which the socket is read again. */
#define NEW_CALLS_AT_A_TIME 8
/* Milliseconds after which a turn reads no more. */
#define LONGEST_RECEPTION 100
static struct {
  tport_t *transport;
  msg_t *message;
  tport_compressor_t *compressor;
  su_time_t received;
  /* As it came, on the heap; NULL where it could not be kept. */
  char *text;
  size_t length;
} new_calls[MOST_DATAGRAMS];
static int new_call_count, is_draining;
su_socket_t tern_datagram_socket = -1;

static int is_new_call(msg_t *message, msg_t const *next)
{
  sip_t const *sip = sip_object(message);
  return next == NULL && sip != NULL && sip->sip_request != NULL && sip->sip_request->rq_method == sip_method_invite &&
         (sip->sip_flags & (MSG_FLG_ERROR | MSG_FLG_TOOLARGE)) == 0 && sip->sip_to != NULL && sip->sip_to->a_tag == NULL;
}

void tport_deliver(tport_t *transport, msg_t *message, msg_t *next, tport_compressor_t *compressor, su_time_t received)
{
  static __typeof__(tport_deliver) *usual;
  char const *text;
  if (usual == NULL) usual = USUAL(tport_deliver);
  if (is_draining && new_call_count < MOST_DATAGRAMS && is_new_call(message, next)) {
    new_calls[new_call_count].transport = tport_ref(transport);
    new_calls[new_call_count].message = message;
    new_calls[new_call_count].compressor = compressor;
    new_calls[new_call_count].received = received;
    new_calls[new_call_count].length = 0;
    text = tern_is_showing() ? tern_datagram(message, &new_calls[new_call_count].length) : NULL;
    new_calls[new_call_count].text = text != NULL ? malloc(new_calls[new_call_count].length + 1) : NULL;
    if (new_calls[new_call_count].text != NULL) memcpy(new_calls[new_call_count].text, text, new_calls[new_call_count].length);
    new_call_count++;
    return;
  }
  note_delivery(transport, message, next);
  if (usual != NULL) usual(transport, message, next, compressor, received);
}

/* Reads what there is, until as many new calls wait as can. */
static void drain(tport_t *transport, void (*usual)(tport_t *))
{
  int count, pending;
  is_draining = 1;
  for (count = 0; count < MOST_DATAGRAMS && new_call_count < MOST_DATAGRAMS; count++) {
    tern_datagram_socket = -1;
    usual(transport);
    pending = 0;
    if (tern_datagram_socket < 0 || ioctl(tern_datagram_socket, FIONREAD, &pending) < 0 || pending <= 0) break;
  }
  is_draining = 0;
}

void tport_recv_event(tport_t *transport)
{
  static __typeof__(tport_recv_event) *usual;
  su_time_t begin = su_now();
  int first = 0;
  if (usual == NULL) usual = USUAL(tport_recv_event);
  if (usual == NULL) return;
  if (!tport_is_udp(transport)) {
    read_connection(transport, usual);
    return;
  }
  if (is_draining) {
    usual(transport);
    return;
  }
  new_call_count = 0;
  drain(transport, usual);
  while (first < new_call_count) {
    tport_t *source = new_calls[first].transport;
    if (new_calls[first].text != NULL) keep_datagram(new_calls[first].message, new_calls[first].text, new_calls[first].length);
    free(new_calls[first].text);
    tport_deliver(source, new_calls[first].message, NULL, new_calls[first].compressor, new_calls[first].received);
    tport_unref(source);
    /* What belongs to calls may have come meanwhile. Others than the socket have their turn as well. */
    if (++first % NEW_CALLS_AT_A_TIME == 0 && su_duration(su_now(), begin) < LONGEST_RECEPTION) drain(transport, usual);
  }
  new_call_count = 0;
}

/* Repetitions to somebody who may not be there: see tern_on_sending(). */

static int (*may_send)(sip_t const *sip, char const *host, int is_asked);

void tern_on_sending(int (*is_sent)(sip_t const *sip, char const *host, int is_asked)) { may_send = is_sent; }

/* BYE, and the responses to INVITE that are sent again by a timer: final ones until the ACK (RFC 3261 sections 13.3.1.4 and 17.2.1), reliable ones until the
 * PRACK (RFC 3262 section 3). */
static int is_repeated(sip_t const *sip)
{
  if (sip->sip_call_id == NULL || sip->sip_cseq == NULL) return 0;
  if (sip->sip_request != NULL) return sip->sip_request->rq_method == sip_method_bye;
  return sip->sip_cseq->cs_method == sip_method_invite && sip->sip_status != NULL && (sip->sip_status->st_status >= 200 || sip->sip_rseq != NULL);
}

/* Whether a response is the one to the INVITE that is dealt with; the next one is not. */
static int is_asked(sip_t const *sip)
{
  sip_t const *request = asking != NULL ? sip_object(asking) : NULL;
  char const *branch, *own;
  if (request == NULL || sip->sip_request != NULL || sip->sip_via == NULL || request->sip_via == NULL) return 0;
  if (request->sip_call_id == NULL || request->sip_cseq == NULL || sip->sip_cseq->cs_seq != request->sip_cseq->cs_seq) return 0;
  branch = request->sip_via->v_branch, own = sip->sip_via->v_branch;
  if (strcmp(sip->sip_call_id->i_id, request->sip_call_id->i_id) != 0 || (branch == NULL) != (own == NULL)) return 0;
  if (branch != NULL && strcasecmp(branch, own) != 0) return 0;
  ask(NULL);
  return 1;
}

tport_t *tport_tsend(tport_t *transport, msg_t *message, tp_name_t const *name, tag_type_t tag, tag_value_t value, ...)
{
  static __typeof__(tport_tsend) *usual;
  sip_t const *sip;
  tport_t *result;
  ta_list ta;
  if (usual == NULL) usual = USUAL(tport_tsend);
  if (usual == NULL) return NULL;
  sip = may_send != NULL && message != NULL && tport_is_udp(transport) ? sip_object(message) : NULL;
  if (sip != NULL && is_repeated(sip) && !may_send(sip, name != NULL ? name->tpn_host : NULL, is_asked(sip))) return transport;
  ta_start(ta, tag, value);
  result = usual(transport, message, name, ta_tags(ta));
  ta_end(ta);
  return result;
}

/* The To tags of responses: Sofia adds a constant to the former tag, so a peer that has one can compute the next. An ACK with our tag proves that its sender has got the
 * response (SilentSources), so a tag has 128 random bits (RFC 3261 section 19.3 asks for 32). */
char const *nta_incoming_tag(nta_incoming_t *transaction, char const *tag)
{
  static char const *(*usual)(nta_incoming_t *transaction, char const *tag);
  uint64_t bits[2];
  char own[33];
  if (usual == NULL) usual = USUAL(nta_incoming_tag);
  if (usual == NULL) return NULL;
  if (tag == NULL && transaction != NULL && nta_incoming_gettag(transaction) == NULL && getrandom(bits, sizeof bits, 0) == (ssize_t)sizeof bits) {
    snprintf(own, sizeof own, "%016llx%016llx", (unsigned long long)bits[0], (unsigned long long)bits[1]);
    tag = own;
  }
  return usual(transaction, tag);
}
