#include "CAllocations.h"

#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static unsigned long calls, bytes;

static void count(size_t size)
{
  __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&bytes, size, __ATOMIC_RELAXED);
}

void *malloc(size_t size) { count(size); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { count(n * size); return __libc_calloc(n, size); }
void *realloc(void *block, size_t size) { count(size); return __libc_realloc(block, size); }

allocations allocations_now(void)
{
  allocations now = { __atomic_load_n(&calls, __ATOMIC_RELAXED), __atomic_load_n(&bytes, __ATOMIC_RELAXED) };
  return now;
}
