#include "CSofiaSIP.h"

#include <stdlib.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/tport.h>

static void (*line_sink)(char const *line);

/* Sofia hands over a va_list, which Swift cannot take. */
static void format_line(void *stream, char const *format, va_list arguments)
{
  char line[1024];
  (void)stream;
  vsnprintf(line, sizeof line, format, arguments);
  if (line_sink != NULL) line_sink(line);
}

void tern_su_log_to(void (*sink)(char const *line), unsigned level)
{
  line_sink = sink;
  su_log_redirect(NULL, format_line, NULL);
  su_log_set_level(NULL, level);
}

/* An authentication client that keeps nothing but the challenge's realm. With no user and password in it Sofia takes it for one
 * that cannot authorize by itself, and waits for the application. */

static int keep_challenge(auth_client_t *client, msg_auth_t const *challenge)
{
  (void)client, (void)challenge;
  return 2; /* Renewed: 1 would be a challenge that has been answered in vain. */
}

static int authorize_nothing(
  auth_client_t *client, su_home_t *home, char const *method, url_t const *url, msg_payload_t const *body, msg_header_t **headers)
{
  (void)client, (void)home, (void)method, (void)url, (void)body;
  *headers = NULL;
  return 0;
}

static int clear_nothing(auth_client_t *client)
{
  (void)client;
  return 0;
}

static int accept_any(auth_client_t *client, char const *scheme, char const *realm, char const *user, char const *password)
{
  (void)client, (void)scheme, (void)realm, (void)user, (void)password;
  return 1;
}

static int copy_nothing(auth_client_t *to, auth_client_t const *from)
{
  (void)to, (void)from;
  return 0;
}

int tern_auc_stand_aside(void)
{
  /* The name is not "Digest", because Sofia puts a plugin in the place of the first one whose name differs, which has to be its
   * own for Digest. Schemes are compared without regard to case. */
  static auth_client_plugin_t const plugin = {
    sizeof plugin, sizeof(auth_client_t), "digest", keep_challenge, authorize_nothing, NULL, clear_nothing, accept_any,
    copy_nothing,
  };
  static int is_registered;
  if (is_registered) return 0;
  is_registered = 1;
  return auc_register_plugin(&plugin);
}

/* Sofia's parser, with a hand on some of its headers.
 *
 * Responses go to the host that the maddr parameter of the Via names (RFC 3261 section 18.2.2). Where it is no address, Sofia has
 * the system resolve it, and waits: any datagram could stop the loop. So the parameter is not read where it is a name.
 *
 * Sofia keeps 100 Trying to itself; asked not to, it keeps each for ever. So it is noticed here. The same with a reliable response of a fork that
 * is not the first with one.
 *
 * To a REFER Sofia ties a subscription of its own, which stays when the request is refused, and speaks up when the dialog ends. So
 * it is given one as a kind of INFO, which it leaves to the application altogether; the name stays.
 *
 * A request line that Sofia cannot parse makes it drop the message. So lines are taken apart here: a Request-URI that is none gets
 * the type that Sofia answers 400, and a method may have every character of a token (RFC 3261 section 25.1).
 *
 * "Contact: *" is for a REGISTER, and a URI that is no SIP or SIPS one for that and for redirections. Elsewhere it would become the remote target (RFC 3261
 * section 8.1.1.8), to which NUA would send a BYE again and again within one call, until the stack is full: there it is a header that cannot be read.
 *
 * A request of another version is answered 505 before Sofia has put into its Via where it came from: that is done here. */

static struct msg_hclass_s via_class[1], status_class[1], call_id_class[1], request_class[1], cseq_class[1], rseq_class[1], contact_class[1];
static void (*trying_sink)(char const *call_id);
static void (*reliable_sink)(msg_t *message);
static int is_trying;

void tern_add_source(su_home_t *home, msg_t *message, sip_via_t *via)
{
  su_addrinfo_t const *info = msg_addrinfo(message);
  char host[SU_ADDRSIZE], text[SU_ADDRSIZE + 16];
  su_sockaddr_t const *address = info->ai_addr != NULL ? (su_sockaddr_t const *)info->ai_addr : NULL;
  if (address == NULL || (address->su_family != AF_INET && address->su_family != AF_INET6)) return;
  if (su_inet_ntop(address->su_family, SU_ADDR(address), host, sizeof host) == NULL) return;
  snprintf(text, sizeof text, "received=%s", host);
  msg_header_replace_param(home, via->v_common, su_strdup(home, text));
  if (via->v_rport == NULL) return;
  snprintf(text, sizeof text, "rport=%u", (unsigned)ntohs(address->su_port));
  msg_header_replace_param(home, via->v_common, su_strdup(home, text));
}

static issize_t parse_via(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_via_class->hc_parse(home, header, text, length);
  sip_via_t *via = (sip_via_t *)header;
  sip_t const *sip = sip_object((msg_t *)home);
  char const *host;
  header->sh_class = sip_via_class;
  if (result < 0) return result;
  for (host = msg_header_find_param(via->v_common, "maddr"); host != NULL && !host_is_ip_address(host);
       host = msg_header_find_param(via->v_common, "maddr"))
    msg_header_remove_param(via->v_common, "maddr");
  /* The topmost alone: all others are of those in front of the sender. */
  if (sip == NULL || sip->sip_request == NULL || sip->sip_via != NULL || header->sh_prev != NULL) return result;
  /* Responses go to where the request came from (RFC 3581 section 4). With maddr a sender would get responses that are meant for a forged source. */
  while (msg_header_find_param(via->v_common, "maddr") != NULL) msg_header_remove_param(via->v_common, "maddr");
  if (strcasecmp(sip->sip_request->rq_version, sip_version_2_0) != 0) tern_add_source(home, (msg_t *)home, via);
  return result;
}

static issize_t parse_status(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_status_class->hc_parse(home, header, text, length);
  header->sh_class = sip_status_class;
  is_trying = result >= 0 && ((sip_status_t *)header)->st_status == 100;
  return result;
}

static issize_t parse_call_id(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_call_id_class->hc_parse(home, header, text, length);
  header->sh_class = sip_call_id_class;
  if (is_trying && result >= 0 && trying_sink != NULL) trying_sink(((sip_call_id_t *)header)->i_id);
  is_trying = 0;
  return result;
}

/* RFC 3261 section 25.1. */
static int is_token(char const *text)
{
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~");
  return length > 0 && text[length] == '\0';
}

/* The code of a method, which `text` ends with; sip_method_invalid where it is no token. A REFER is an INFO to Sofia. */
static sip_method_t parse_method(char *text, char const **name)
{
  char *end = text;
  sip_method_t method;
  if (!is_token(text)) return sip_method_invalid;
  method = sip_method_d(&end, name);
  if (method == sip_method_refer) return sip_method_info;
  if (method > sip_method_unknown) return method;
  *name = text;
  return sip_method_unknown;
}

static int is_blank(char character) { return character == ' ' || character == '\t'; }

/* METHOD blanks URI blanks VERSION blanks. */
static issize_t parse_request(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  sip_request_t *request = (sip_request_t *)header;
  char *uri = text + strcspn(text, " \t"), *end = uri + strlen(uri), *version;
  (void)home, (void)length;
  header->sh_class = sip_request_class;
  is_trying = 0;
  if (uri == text || uri == end) return -1;
  *uri++ = '\0';
  while (is_blank(*uri)) uri++;
  while (end > uri && is_blank(end[-1])) *--end = '\0';
  for (version = end; version > uri && !is_blank(version[-1]); version--) {}
  if (version == uri) return -1;
  for (end = version; is_blank(end[-1]); end--) {}
  *end = '\0';
  if (strncasecmp(version, "SIP/", 4) != 0 || sip_version_d(&version, &request->rq_version) < 0 || *version != '\0') return -1;
  request->rq_method = parse_method(text, &request->rq_method_name);
  if (request->rq_method == sip_method_invalid || uri[strcspn(uri, " \t")] != '\0' || url_d(request->rq_url, uri) < 0)
    url_init(request->rq_url, url_invalid);
  if (request->rq_method != sip_method_invalid) return 0;
  request->rq_method = sip_method_unknown;
  request->rq_method_name = text;
  return 0;
}

static issize_t parse_cseq(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  sip_cseq_t *cseq = (sip_cseq_t *)header;
  char *end = text + strlen(text);
  (void)home, (void)length;
  header->sh_class = sip_cseq_class;
  while (end > text && strchr(" \t\r\n", end[-1]) != NULL) *--end = '\0';
  if (msg_uint32_d(&text, &cseq->cs_seq) < 0) return -1;
  cseq->cs_method = parse_method(text, &cseq->cs_method_name);
  return cseq->cs_method == sip_method_invalid ? -1 : 0;
}

static issize_t parse_contact(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_contact_class->hc_parse(home, header, text, length);
  sip_t const *sip = sip_object((msg_t *)home);
  sip_contact_t *contact = (sip_contact_t *)header;
  header->sh_class = sip_contact_class;
  if (result < 0 || sip == NULL) return result;
  if (sip->sip_request != NULL ? sip->sip_request->rq_method == sip_method_register : sip->sip_status == NULL || sip->sip_status->st_status >= 300)
    return result;
  if (contact->m_url->url_type == url_sip || contact->m_url->url_type == url_sips) return result;
  if (sip->sip_request != NULL) return -1;
  /* A response without its Contact would be dropped whole. A name that leads nowhere has requests go to where the peer was. */
  text = su_strdup(home, "sip:contact.invalid");
  return text != NULL && url_d(contact->m_url, text) == 0 ? result : -1;
}

static issize_t parse_rseq(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_rseq_class->hc_parse(home, header, text, length);
  header->sh_class = sip_rseq_class;
  /* The headers of a message are kept in the message. */
  if (result >= 0 && reliable_sink != NULL) reliable_sink((msg_t *)home);
  return result;
}

/* A header field is parsed by the first entry that has its name. The usual one stays behind it: where a parsed header belongs is
 * looked up by its class. */
static void put_before(msg_mclass_t *mclass, msg_hclass_t *usual, struct msg_hclass_s *ours, msg_parse_f *parse, char initial)
{
  int size = mclass->mc_hash_size, i, free;
  /* The copy of the short forms stands behind the class, and is ours to change. */
  msg_href_t *names = (msg_href_t *)mclass->mc_short;
  *ours = *usual;
  ours->hc_parse = parse;
  for (i = 0; i < size && mclass->mc_hash[i].hr_class != usual; i++) {}
  if (i == size || mclass->mc_hash_used + 2 > size) return;
  for (free = (i + 1) % size; mclass->mc_hash[free].hr_class != NULL; free = (free + 1) % size) {}
  mclass->mc_hash[free] = mclass->mc_hash[i];
  mclass->mc_hash_used++;
  mclass->mc_hash[i].hr_class = ours;
  if (initial != 0 && names != NULL && names[initial - 'a'].hr_class == usual) names[initial - 'a'].hr_class = ours;
}

msg_mclass_t const *tern_sip_mclass(void (*on_trying)(char const *call_id), void (*on_reliable)(msg_t *message))
{
  static msg_mclass_t *mclass;
  trying_sink = on_trying;
  reliable_sink = on_reliable;
  if (mclass != NULL) return mclass;
  mclass = msg_mclass_clone(sip_default_mclass(), 0, msg_mclass_copy);
  if (mclass == NULL) return NULL;
  put_before(mclass, sip_via_class, via_class, parse_via, 'v');
  put_before(mclass, sip_call_id_class, call_id_class, parse_call_id, 'i');
  put_before(mclass, sip_cseq_class, cseq_class, parse_cseq, 0);
  put_before(mclass, sip_rseq_class, rseq_class, parse_rseq, 0);
  put_before(mclass, sip_contact_class, contact_class, parse_contact, 'm');
  *request_class = *sip_request_class;
  request_class->hc_parse = parse_request;
  mclass->mc_request->hr_class = request_class;
  *status_class = *sip_status_class;
  status_class->hc_parse = parse_status;
  mclass->mc_status->hr_class = status_class;
  return mclass;
}

/* How much of a connection Sofia reads at a time: this stands in front of the library's own function, which says all that there is.
 *
 * Sofia puts what it reads into one buffer, and what stands behind the first message into a copy of its own for the second, and so on.
 * With the megabytes that the system keeps for a peer that sends faster than we read, thousands of small messages became gigabytes,
 * and nobody else was heard meanwhile. Datagrams are read whole. */
issize_t su_getmsgsize(su_socket_t s)
{
  int pending = -1, type = 0;
  socklen_t length = sizeof type;
  tern_datagram_socket = s;
  if (ioctl(s, FIONREAD, &pending) == -1) return -1;
  if (pending <= TERN_READ_LIMIT) return pending;
  return getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM ? TERN_READ_LIMIT : pending;
}

/* Sofia's way to hear what has come in while it goes through a long list: this stands in front of the library's own function.
 *
 * NUA goes through its handles once a second, and hears one socket after each of them. A request outside of dialogs is a new handle at the end
 * of that list: while requests came faster than one for each, the walk had no end, nothing was answered and nothing freed. Now the loop has
 * its next turn after the walk, which takes milliseconds for thousands of handles. */
int su_root_yield(su_root_t *root)
{
  (void)root;
  return 0;
}

/* What a failed request does to its dialog (RFC 5057 section 5.1): this stands in front of the library's own function.
 *
 * Sofia sends BYE after each 5xx and 6xx that the table leaves open, so that a phone that refused an offer lost the call. The session stands after
 * them (RFC 3261 section 14.1). A PRACK is another matter: without its 2xx the INVITE cannot be answered. */
int sip_response_terminates_dialog(int status, sip_method_t method, int *hang_up)
{
  enum { ends_dialog = -1, no_effect, ends_usage };
  if (hang_up != NULL && (status < 500 || method != sip_method_prack)) *hang_up = 0;
  switch (status) {
  case 404: case 410: case 416: case 482: case 484: case 485: case 502: case 604:
    return ends_dialog;
  case 405:
    return method == sip_method_invite || method == sip_method_subscribe || method == sip_method_notify ? ends_usage : no_effect;
  case 408: case 480: case 481:
    return ends_usage;
  case 489:
    return method == sip_method_notify ? ends_usage : no_effect;
  default:
    return no_effect;
  }
}

/* A 2xx to an INVITE that nobody waits for any more: this stands in front of the library's own function, which sends ACK and BYE.
 *
 * Where the peer has hung up while a re-INVITE of ours was under way, its 2xx gets the ACK that it is owed (RFC 3261 section 15.1.2), and no BYE. */

static int (*left_dialogs)(char const *call_id, char const *local_tag, char const *remote_tag);

void tern_on_orphan(int (*is_left)(char const *call_id, char const *local_tag, char const *remote_tag)) { left_dialogs = is_left; }

static int acknowledge(nta_agent_t *agent, sip_t const *response)
{
  msg_t *message = nta_msg_create(agent, 0);
  sip_t *ack = sip_object(message);
  su_home_t *home = msg_home(message);
  url_string_t const *target = (url_string_t const *)(response->sip_contact ? response->sip_contact->m_url : response->sip_to->a_url);
  sip_route_t *route, *last, own[1];
  nta_outgoing_t *transaction;
  if (ack == NULL) return -1;
  sip_add_tl(message, ack, SIPTAG_TO(response->sip_to), SIPTAG_FROM(response->sip_from), SIPTAG_CALL_ID(response->sip_call_id), TAG_END());
  route = sip_route_reverse(home, response->sip_record_route);
  if (route != NULL && !url_has_param(route->r_url, "lr")) {
    /* A strict router (RFC 3261 section 12.2.1.1). */
    for (last = route; last->r_next != NULL; last = last->r_next) {}
    *sip_route_init(own)->r_url = *target->us_url;
    last->r_next = sip_route_dup(home, own);
    target = (url_string_t const *)route->r_url;
    route = route->r_next;
  }
  if (route != NULL) msg_header_insert(message, (msg_pub_t *)ack, (msg_header_t *)route);
  msg_header_insert(
    message, (msg_pub_t *)ack, (msg_header_t *)sip_cseq_create(home, response->sip_cseq->cs_seq, SIP_METHOD_ACK));
  msg_header_insert(message, (msg_pub_t *)ack, (msg_header_t *)sip_request_create(home, SIP_METHOD_ACK, target, NULL));
  transaction = nta_outgoing_mcreate(agent, NULL, NULL, NULL, message, NTATAG_STATELESS(1), TAG_END());
  if (transaction == NULL) {
    msg_destroy(message);
    return -1;
  }
  nta_outgoing_destroy(transaction);
  return 0;
}

int nta_msg_ackbye(nta_agent_t *agent, msg_t *message)
{
  static int (*usual)(nta_agent_t *agent, msg_t *message);
  sip_t const *sip = sip_object(message);
  if (left_dialogs != NULL && sip != NULL && sip->sip_call_id && sip->sip_from && sip->sip_to && sip->sip_cseq &&
      left_dialogs(sip->sip_call_id->i_id, sip->sip_from->a_tag, sip->sip_to->a_tag) && acknowledge(agent, sip) == 0) {
    msg_destroy(message);
    return 0;
  }
  if (usual == NULL) usual = (int (*)(nta_agent_t *, msg_t *))dlsym((void *)-1L /* RTLD_NEXT */, "nta_msg_ackbye");
  return usual != NULL ? usual(agent, message) : -1;
}

/* Each message that was received and parsed, or sent: this stands in front of the library's own function, which writes it to the log. */

static void (*message_sink)(msg_t *message, tport_t *transport, int is_sent);

void tern_on_message(void (*sink)(msg_t *message, tport_t *transport, int is_sent)) { message_sink = sink; }

int tern_is_showing(void) { return message_sink != NULL; }

/* Has received messages parsed as they are where they are shown to `message_sink`: this stands in front of the library's own function. For its log Sofia keeps a
 * copy of each header field, and where line ends stand before a message, its copy of the first line is wrong: such a message would be refused. */
msg_t *msg_create(msg_mclass_t const *mclass, int flags)
{
  static msg_t *(*usual)(msg_mclass_t const *mclass, int flags);
  if (usual == NULL) usual = (msg_t *(*)(msg_mclass_t const *, int))dlsym((void *)-1L /* RTLD_NEXT */, "msg_create");
  return usual != NULL ? usual(mclass, flags & ~MSG_FLG_EXTRACT_COPY) : NULL;
}

void tport_log_msg(tport_t *transport, msg_t *message, char const *what, char const *via, su_time_t now)
{
  int is_sent = what != NULL && what[0] == 's';
  (void)via, (void)now;
  /* A message that is sent may lie where the one was that is answered. */
  if (is_sent) tern_forget_datagram();
  if (message_sink != NULL) message_sink(message, transport, is_sent);
  tern_forget_datagram();
}

char const *tern_tport_protocol(tport_t const *transport)
{
  tp_name_t const *name = transport != NULL ? tport_name(transport) : NULL;
  return name != NULL && name->tpn_proto != NULL ? name->tpn_proto : "";
}

struct sockaddr const *tern_tport_local(tport_t const *transport, socklen_t *length)
{
  tport_t const *primary = transport != NULL ? tport_parent(transport) : NULL;
  su_addrinfo_t const *info = primary != NULL ? tport_get_address(primary) : NULL;
  if (info == NULL || info->ai_addr == NULL) return NULL;
  *length = (socklen_t)info->ai_addrlen;
  return info->ai_addr;
}

/* A message whose parts lie in memory as they are on the wire is in so many pieces at most: others are encoded anew. */
#define MOST_PIECES 80

size_t tern_message_length(msg_t *message)
{
  msg_iovec_t pieces[MOST_PIECES];
  msg_header_t **first = msg_chain_head(message);
  isize_t i, count;
  size_t length = 0;
  if (tern_datagram(message, &length) != NULL) return length;
  /* The fields of a received message are read in place, and are not as they were. */
  if (first == NULL || *first == NULL || (*first)->sh_data == NULL) return 0;
  count = msg_iovec(message, pieces, MOST_PIECES);
  if (count > MOST_PIECES) return 0;
  for (i = 0; i < count; i++) length += pieces[i].mv_len;
  return length;
}

size_t tern_message_copy(msg_t *message, char *buffer, size_t size)
{
  msg_iovec_t pieces[MOST_PIECES];
  isize_t i, count;
  size_t used = 0;
  char const *text = tern_datagram(message, &used);
  if (text != NULL) {
    if (used > size) used = size;
    memcpy(buffer, text, used);
    return used;
  }
  count = msg_iovec(message, pieces, MOST_PIECES);
  for (i = 0; i < count && i < MOST_PIECES && used < size; i++) {
    size_t length = pieces[i].mv_len < size - used ? pieces[i].mv_len : size - used;
    memcpy(buffer + used, pieces[i].mv_base, length);
    used += length;
  }
  return used;
}

char *tern_message_text(msg_t *message, size_t *length)
{
  su_home_t *home = su_home_new(sizeof *home);
  if (home == NULL) return NULL;
  char const *text = msg_as_string(home, message, NULL, 0, length);
  char *copy = text != NULL ? malloc(*length + 1) : NULL;
  if (copy != NULL) memcpy(copy, text, *length), copy[*length] = 0;
  su_home_unref(home);
  return copy;
}
