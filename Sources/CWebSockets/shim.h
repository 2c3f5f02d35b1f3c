#include <features.h>
#include <libwebsockets.h>
