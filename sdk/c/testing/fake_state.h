// What the two files of the fake host share.
#ifndef BATTEN_FAKE_STATE_H
#define BATTEN_FAKE_STATE_H
#define _GNU_SOURCE
#include <batten/fake_host.h>

#include <pthread.h>
#include <stddef.h>

enum { MAX_WATCHES = 64, MAX_NAMES = 32, BUCKETS = 4096 };

typedef struct text { char *bytes; size_t length; } text;
typedef struct instance { struct instance *next; const batten_executor *executor; batten_instance *opened;
                          char *config; } instance;
typedef struct job { struct job *next; batten_task_fn fn; void *user; int64_t at; uint64_t id; } job;
typedef struct grant { struct grant *next; batten_lease_fn fn; void *user; batten_token token; uint64_t lease;
                       batten_rc rc; } grant;
typedef struct lease { struct lease *next; uint64_t id; batten_token token; int meter; int64_t amount; int open; } lease;
typedef struct blob { struct blob *next; uint64_t id; batten_token token; int fd; int sealed; } blob;
typedef struct call { struct call *next, *in_bucket; batten_call given; instance *of; char *input; pthread_t thread;
                      int threaded, entered, over, asked; batten_stop stop; batten_fake_outcome end;
                      batten_task_fn ready; void *ready_user; } call;
typedef struct watch { int fd; uint32_t events; batten_watch_fn fn; void *user; } watch;
typedef struct name { char *key; char *value; int64_t limit, left; } name;

struct batten_fake {
    batten_host table;
    batten_log log; batten_beat beat; batten_stream stream; batten_usage usage; batten_quota quota;
    batten_secret secret; batten_blob blob; batten_loop loop;
    pthread_mutex_t lock;
    pthread_t thread;
    int wake[2];
    const batten_plugin *plugin;
    batten_state *state;
    int started, stopped, broken_count, room, input_blob;
    uint32_t longer;
    int64_t allowed_ns;
    char *checkpoint, *why;
    text seen, broken;
    uint64_t last;
    call *calls, *buckets[BUCKETS]; instance *instances; job *timers; job *posted; grant *grants; lease *leases; blob *blobs;
    watch watches[MAX_WATCHES]; int watch_count;
    name hidden[MAX_NAMES]; int hidden_count;
    name secrets[MAX_NAMES]; int secret_count;
    name meters[MAX_NAMES]; int meter_count;
};

// Makes the tables of all services.
void fake_fill_services(batten_fake *host);
// Memory that is all zero; ends the process if there is none.
void *fake_make(size_t size);
char *fake_copy(const char *bytes, uint64_t length);
char *fake_copy_span(batten_span span);
// Nanoseconds of CLOCK_MONOTONIC.
int64_t fake_now(void);
// Has the loop look again.
void fake_nudge(batten_fake *host);
int fake_on_loop(batten_fake *host);
name *fake_find(name *names, int count, const char *key);
call *fake_call(batten_fake *host, batten_token token);
batten_fake *fake_of(const batten_host *table);
// These are called with the lock held. `see` notes what the plugin said, `breaks` a rule that it broke.
void fake_see(batten_fake *host, const char *format, ...);
void fake_breaks(batten_fake *host, const char *format, ...);
// The call, if it is in flight; a token that was never given is a broken rule.
call *fake_live(batten_fake *host, batten_token token, const char *function);
int fake_readable(batten_fake *host, batten_span span, const char *what);
void fake_end_call(batten_fake *host, call *c);
void fake_settle(batten_fake *host, lease *held, int64_t used);
#endif
