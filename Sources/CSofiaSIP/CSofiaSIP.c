#include "CSofiaSIP.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
 * Sofia keeps 100 Trying to itself; asked not to, it keeps each for ever. So it is noticed here.
 *
 * To a REFER Sofia ties a subscription of its own, which stays when the request is refused, and speaks up when the dialog ends. So
 * it is given one as a kind of INFO, which it leaves to the application altogether; the name stays. */

static struct msg_hclass_s via_class[1], status_class[1], call_id_class[1], request_class[1], cseq_class[1];
static void (*trying_sink)(char const *call_id);
static int is_trying;

static issize_t parse_via(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_via_class->hc_parse(home, header, text, length);
  sip_via_t *via = (sip_via_t *)header;
  char const *host;
  header->sh_class = sip_via_class;
  if (result < 0) return result;
  for (host = msg_header_find_param(via->v_common, "maddr"); host != NULL && !host_is_ip_address(host);
       host = msg_header_find_param(via->v_common, "maddr"))
    msg_header_remove_param(via->v_common, "maddr");
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

static issize_t parse_request(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_request_class->hc_parse(home, header, text, length);
  sip_request_t *request = (sip_request_t *)header;
  header->sh_class = sip_request_class;
  if (result >= 0 && request->rq_method == sip_method_refer) request->rq_method = sip_method_info;
  return result;
}

static issize_t parse_cseq(su_home_t *home, msg_header_t *header, char *text, isize_t length)
{
  issize_t result = sip_cseq_class->hc_parse(home, header, text, length);
  sip_cseq_t *cseq = (sip_cseq_t *)header;
  header->sh_class = sip_cseq_class;
  if (result >= 0 && cseq->cs_method == sip_method_refer) cseq->cs_method = sip_method_info;
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

msg_mclass_t const *tern_sip_mclass(void (*on_trying)(char const *call_id))
{
  static msg_mclass_t *mclass;
  trying_sink = on_trying;
  if (mclass != NULL) return mclass;
  mclass = msg_mclass_clone(sip_default_mclass(), 0, msg_mclass_copy);
  if (mclass == NULL) return NULL;
  put_before(mclass, sip_via_class, via_class, parse_via, 'v');
  put_before(mclass, sip_call_id_class, call_id_class, parse_call_id, 'i');
  put_before(mclass, sip_cseq_class, cseq_class, parse_cseq, 0);
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
