/* The kernel's means of taking rights away from the calling process, in plain integers. Each function answers 0 or a
 * descriptor, or -1 with errno. None of them can be undone. */
#ifndef BATTEN_CCONFINE_H
#define BATTEN_CCONFINE_H
#include <stdint.h>

enum { CONFINE_MEMORY = 1, CONFINE_PROCESSOR_TIME = 2, CONFINE_FILES = 3, CONFINE_CORE = 4 };

/* Sets a resource limit: bytes of private memory, seconds of processor time, open files, bytes of a core file. A limit
 * above the hard one the process was started with becomes that one. */
int confine_limit(int which, uint64_t soft, uint64_t hard);
/* Gives up every capability of the super-user, now and after exec, and sets no_new_privs. */
int confine_drop_privileges(void);
/* Has the C library look up names over TCP, by its environment. */
int confine_look_up_over_tcp(void);
/* How many threads this process has. */
int confine_threads(void);
/* Writes this process into a control group. */
int confine_join(const char *folder);

/* What a path may be used for. */
enum { CONFINE_READ = 1, CONFINE_EXECUTE = 2, CONFINE_WRITE = 4 };
/* What Landlock handles besides files. */
enum { CONFINE_NO_TCP = 1, CONFINE_NO_SIGNALS = 2, CONFINE_NO_ABSTRACT_SOCKETS = 4 };

/* Begins a set of rules of a Landlock version; whatever they do not allow is refused once they are enforced. */
int confine_rules_begin(int version, int handled);
/* Allows uses of a path and all below it. */
int confine_rules_allow_path(int rules, int version, const char *path, int uses);
/* Allows TCP connections to a port. */
int confine_rules_allow_port(int rules, uint16_t port);
/* Holds this thread, and all it starts, to the rules; the descriptor stays open. */
int confine_rules_enforce(int rules);

enum { CONFINE_NO_NETWORK = 0, CONFINE_TCP_ONLY = 1, CONFINE_ANY_NETWORK = 2 };

/* Leaves this process the system calls that a library with such needs makes. `processes`: it may start processes and
 * signal them; `network`: one of the above; `attributes`: it may change modes, owners and times of files. */
int confine_calls(int processes, int network, int attributes);

#endif
