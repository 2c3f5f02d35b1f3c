// Ends a fuzzer whose input takes too long, by what a processor worked for it: libFuzzer's own limit counts the time that others had the
// processor, too. Linked with --wrap=LLVMFuzzerTestOneInput.
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { SECONDS = 5 };

int __real_LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static volatile uint32_t inputs;

// After each second of the processor. libFuzzer keeps the input of one that aborts.
static void tick(int signal) {
    static uint32_t seen, seconds;
    (void)signal;
    seconds = seen == inputs ? seconds + 1 : 0;
    seen = inputs;
    if (seconds < SECONDS) return;
    static const char text[] = "One input takes more than 5 s of the processor.\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(1);
    abort();
}

int __wrap_LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    if (inputs == 0) {
        signal(SIGVTALRM, tick);
        struct itimerval each = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
        setitimer(ITIMER_VIRTUAL, &each, NULL);
    }
    inputs = inputs + 1;
    return __real_LLVMFuzzerTestOneInput(bytes, count);
}
