#include <hiredis/hiredis.h>

// Swift sees an array in a structure as a tuple.
static inline const char *tern_redis_error_text(const redisContext *context) { return context->errstr; }
