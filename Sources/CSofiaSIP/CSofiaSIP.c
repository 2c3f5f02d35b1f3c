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
