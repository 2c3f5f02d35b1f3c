#include "CSofiaSDP.h"

#include <stdio.h>

#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>

int sofia_sdp_check(char const *text, int length, char *error, int size)
{
  su_home_t home[1] = { SU_HOME_INIT(home) };
  sdp_parser_t *parser;
  int count = -1;

  su_home_init(home);
  parser = sdp_parse(home, text, length, sdp_f_strict);
  if (sdp_session(parser) != NULL && sdp_sanity_check(parser) == 0) {
    count = 0;
    for (sdp_media_t const *m = sdp_session(parser)->sdp_media; m != NULL; m = m->m_next) count++;
  }
  snprintf(error, (size_t)size, "%s", count < 0 && sdp_parsing_error(parser) ? sdp_parsing_error(parser) : "");
  sdp_parser_free(parser);
  su_home_deinit(home);
  return count;
}
