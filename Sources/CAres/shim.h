#include <ares.h>
// What wakes the thread that c-ares runs on.
#include <sys/eventfd.h>
