/* Sockets that listen for connections: the functions here stand in front of the library's own (docs/decisions/0007-functions-before-sofia.md).
 *
 * Where accept() fails for want of descriptors, Sofia leaves the connection in the queue of a socket that stays readable, and asks again in each turn
 * of the loop. Here somebody is asked before it accepts; while the answer is no, the socket is not watched. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CSofiaSIP.h"

#include <dlfcn.h>
#include <sys/socket.h>

#define USUAL(name) ((__typeof__(name) *)dlsym((void *)-1L /* RTLD_NEXT */, #name))

/* Sockets beyond these are left to Sofia. */
#define MOST_LISTENERS 512
static struct {
  su_root_t *root;
  su_wakeup_f callback;
  su_wakeup_arg_t *argument;
  su_socket_t socket;
  int index, is_held;
} listeners[MOST_LISTENERS];
static int (*may_accept)(void);

void tern_on_accepting(int (*is_accepted)(void)) { may_accept = is_accepted; }

void tern_resume_accepting(void)
{
  int i;
  for (i = 0; i < MOST_LISTENERS; i++) {
    if (listeners[i].root == NULL || !listeners[i].is_held) continue;
    listeners[i].is_held = 0;
    su_root_eventmask(listeners[i].root, listeners[i].index, listeners[i].socket, SU_WAIT_ACCEPT);
  }
}

static int accept_or_hold(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *argument)
{
  int i = (int)((__typeof__(&listeners[0]))argument - listeners);
  if (may_accept == NULL || may_accept()) return listeners[i].callback(magic, wait, listeners[i].argument);
  listeners[i].is_held = 1;
  su_root_eventmask(listeners[i].root, listeners[i].index, listeners[i].socket, 0);
  return 0;
}

static int is_listening(su_wait_t const *wait)
{
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(wait->fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

int su_root_register(su_root_t *root, su_wait_t *wait, su_wakeup_f callback, su_wakeup_arg_t *argument, int priority)
{
  static __typeof__(su_root_register) *usual;
  int i;
  if (usual == NULL) usual = USUAL(su_root_register);
  if (usual == NULL) return -1;
  for (i = 0; i < MOST_LISTENERS && listeners[i].root != NULL; i++) {}
  if (i == MOST_LISTENERS || wait == NULL || !is_listening(wait)) return usual(root, wait, callback, argument, priority);
  listeners[i].callback = callback;
  listeners[i].argument = argument;
  listeners[i].socket = wait->fd;
  listeners[i].is_held = 0;
  listeners[i].index = usual(root, wait, accept_or_hold, (su_wakeup_arg_t *)&listeners[i], priority);
  if (listeners[i].index > 0) listeners[i].root = root;
  return listeners[i].index;
}

int su_root_deregister(su_root_t *root, int index)
{
  static __typeof__(su_root_deregister) *usual;
  int i;
  if (usual == NULL) usual = USUAL(su_root_deregister);
  for (i = 0; i < MOST_LISTENERS; i++)
    if (listeners[i].root == root && root != NULL && listeners[i].index == index) listeners[i].root = NULL;
  return usual != NULL ? usual(root, index) : -1;
}
