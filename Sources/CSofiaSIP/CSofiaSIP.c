#include "CSofiaSIP.h"

#include <stdarg.h>
#include <stdio.h>

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
