#include <ares.h>
// Glibc's parser of messages: c-ares 1.18 tells no lifetimes of SRV and NAPTR records.
#include <arpa/nameser.h>
#include <resolv.h>
// What wakes the thread that c-ares runs on.
#include <sys/eventfd.h>
