/* Sofia-SIP for Swift: what its headers declare, and a function for each thing that Swift cannot import. No logic. */
#ifndef C_SOFIA_SIP_H
#define C_SOFIA_SIP_H

/* Before any Sofia header: su_configure.h defines _GNU_SOURCE, after which <sys/select.h> would differ from Glibc's. */
#include <features.h>
#include <sys/types.h>
#include <sys/select.h>
#include <sys/eventfd.h>

#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/su_time.h>

/** Sofia's clock hook: exported by the library, declared by no header. Called by su_time() and su_now(). */
extern void (*_su_time)(su_time_t *tv);

/** Swift refuses to touch a mutable C global: this sets it. */
static inline void tern_su_set_clock(void (*clock)(su_time_t *tv)) { _su_time = clock; }

#endif
