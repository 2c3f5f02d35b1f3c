/* Counts what a program allocates, for the benchmarks; glibc only. Linking it is enough. */
#ifndef C_ALLOCATIONS_H
#define C_ALLOCATIONS_H

/** Calls of malloc, calloc and realloc, and the bytes that they asked for, since the program began; of all threads together. */
typedef struct allocations { unsigned long calls, bytes; } allocations;
allocations allocations_now(void);

#endif
