// The life of a plugin in the fake host: see <batten/fake_host.h>.
#include "fake_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------------------------------------
// Small things

void *fake_make(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory) { fputs("fake host: out of memory\n", stderr); abort(); }
    return memory;
}

char *fake_copy(const char *bytes, uint64_t length) {
    char *result = (char *)fake_make((size_t)length + 1);
    if (length) memcpy(result, bytes, (size_t)length);
    return result;
}

char *fake_copy_span(batten_span span) { return fake_copy((const char *)span.ptr, span.ptr ? span.len : 0); }

static void add_line(text *to, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return;
    to->bytes = (char *)realloc(to->bytes, to->length + (size_t)length + 2);
    if (!to->bytes) { fputs("fake host: out of memory\n", stderr); abort(); }
    vsnprintf(to->bytes + to->length, (size_t)length + 1, format, arguments);
    to->length += (size_t)length;
    to->bytes[to->length++] = '\n';
    to->bytes[to->length] = 0;
}

batten_fake *fake_of(const batten_host *table) { return (batten_fake *)table->context; }

// Both are called with the lock held.
void fake_see(batten_fake *host, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_line(&host->seen, format, arguments);
    va_end(arguments);
}

void fake_breaks(batten_fake *host, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_line(&host->broken, format, arguments);
    va_end(arguments);
    host->broken_count++;
}

static void because(batten_fake *host, const char *format, const char *one, const char *two) {
    char line[1024];
    snprintf(line, sizeof line, format, one, two);
    free(host->why);
    host->why = fake_copy(line, strlen(line));
}

int64_t fake_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void fake_nudge(batten_fake *host) {
    // A full pipe wakes as well.
    if (write(host->wake[1], "", 1) < 0 && errno != EAGAIN) perror("fake host: wake");
}

int fake_on_loop(batten_fake *host) { return pthread_equal(host->thread, pthread_self()); }

name *fake_find(name *names, int count, const char *key) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].key, key) == 0) return &names[i];
    return NULL;
}

call *fake_call(batten_fake *host, batten_token token) {
    for (call *c = host->buckets[token % BUCKETS]; c; c = c->in_bucket)
        if (c->given.token == token) return c;
    return NULL;
}

// The call, if it is in flight; a token that was never given is a broken rule. With the lock held.
call *fake_live(batten_fake *host, batten_token token, const char *function) {
    call *found = fake_call(host, token);
    if (!found) fake_breaks(host, "%s: no call has the token %llu", function, (unsigned long long)token);
    return found && !found->over ? found : NULL;
}

int fake_readable(batten_fake *host, batten_span span, const char *what) {
    if (span.len == 0 || span.ptr) return 1;
    fake_breaks(host, "%s: a span of %llu bytes points nowhere", what, (unsigned long long)span.len);
    return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ending calls

void fake_settle(batten_fake *host, lease *held, int64_t used) {
    held->open = 0;
    if (held->meter >= 0) host->meters[held->meter].left += held->amount - used;
}

// With the lock held.
void fake_end_call(batten_fake *host, call *c) {
    c->over = 1;
    for (lease *l = host->leases; l; l = l->next)
        if (l->token == c->given.token && l->open) fake_settle(host, l, 0);
    for (blob *b = host->blobs; b; b = b->next)
        if (b->token == c->given.token && !b->sealed && b->fd >= 0) { close(b->fd); b->fd = -1; }
    // What the call pointed to is gone: whoever still looks at it finds this.
    if (c->given.input.bytes.len) memset(c->input, 0xdd, (size_t)c->given.input.bytes.len);
    fake_nudge(host);
}

// All bytes of a blob, with a NUL behind them.
static char *copy_blob(const blob *from, uint64_t *length) {
    struct stat status;
    *length = fstat(from->fd, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
    char *bytes = (char *)fake_make((size_t)*length + 1);
    for (uint64_t at = 0; at < *length;) {
        ssize_t count = pread(from->fd, bytes + at, (size_t)(*length - at), (off_t)at);
        if (count <= 0) { *length = at; break; }
        at += (uint64_t)count;
    }
    bytes[*length] = 0;
    return bytes;
}

static batten_rc complete(const batten_host *table, batten_token token, const batten_outcome *outcome) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    call *c = fake_call(host, token);
    batten_rc rc = BATTEN_RC_OK;
    if (!c) {
        fake_breaks(host, "complete: no call has the token %llu", (unsigned long long)token);
        rc = BATTEN_RC_STALE;
    } else if (c->over) {
        fake_breaks(host, "complete: the call %llu was completed again", (unsigned long long)token);
        rc = BATTEN_RC_STALE;
    } else if (!outcome || outcome->struct_size < sizeof(batten_outcome)) {
        fake_breaks(host, "complete: the outcome of call %llu is shorter than batten_outcome", (unsigned long long)token);
        rc = BATTEN_RC_BAD_ARGUMENT;
    } else if (!fake_readable(host, outcome->code, "complete: code") || !fake_readable(host, outcome->message, "complete: message")
               || !fake_readable(host, outcome->details, "complete: details")
               || !fake_readable(host, outcome->output.bytes, "complete: output")) {
        rc = BATTEN_RC_BAD_ARGUMENT;
    } else {
        batten_fake_outcome *end = &c->end;
        end->outcome_class = outcome->outcome_class;
        end->effect = outcome->effect;
        end->retry_after_ns = outcome->retry_after_ns;
        end->code = fake_copy_span(outcome->code);
        end->message = fake_copy_span(outcome->message);
        end->details = fake_copy_span(outcome->details);
        end->output = fake_copy_span(outcome->output.bytes);
        end->output_length = outcome->output.bytes.len;
        end->blob = outcome->output.blob;
        if (outcome->reserved0 || outcome->output.reserved) fake_breaks(host, "complete: a reserved field is not 0");
        if (end->outcome_class == BATTEN_CLASS_DONE && (outcome->code.len || outcome->message.len))
            fake_breaks(host, "complete: a call that is done has no code and no message");
        if (end->outcome_class != BATTEN_CLASS_DONE && (!outcome->code.len || !outcome->message.len))
            fake_breaks(host, "complete: a call that is not done has a code and a message");
        if (end->outcome_class == BATTEN_CLASS_CRASHED) fake_breaks(host, "complete: only a host says CRASHED");
        int sealed = end->blob == 0;
        for (blob *b = host->blobs; b; b = b->next) {
            if (end->blob == 0 || b->id != end->blob || !b->sealed) continue;
            sealed = 1;
            free((char *)end->output);
            end->output = copy_blob(b, &end->output_length);
        }
        if (!sealed) fake_breaks(host, "complete: the output is a blob that was not sealed");
    }
    if (rc == BATTEN_RC_BAD_ARGUMENT) {
        c->end.outcome_class = BATTEN_CLASS_BUG;
        c->end.code = fake_copy("plugin.bug.bad_outcome", 22);
        c->end.message = fake_copy("the outcome cannot be read", 26);
        c->end.details = fake_copy("", 0);
        c->end.output = fake_copy("", 0);
    }
    if (c && !c->over) fake_end_call(host, c);
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_stop should_stop(const batten_host *table, batten_token token) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    call *c = fake_call(host, token);
    batten_stop stop = !c || c->over ? BATTEN_STOP_STALE : c->stop;
    if (!c) fake_breaks(host, "should_stop: no call has the token %llu", (unsigned long long)token);
    if (stop == BATTEN_STOP_NONE && c->given.deadline_ns <= fake_now()) stop = BATTEN_STOP_DEADLINE;
    pthread_mutex_unlock(&host->lock);
    return stop;
}

// ---------------------------------------------------------------------------------------------------------------------
// The host's own table, and the descriptor

static const void *query(const batten_host *table, const char *id) {
    batten_fake *host = fake_of(table);
    if (fake_find(host->hidden, host->hidden_count, id)) return NULL;
    if (strcmp(id, BATTEN_SERVICE_LOG) == 0) return &host->log;
    if (strcmp(id, BATTEN_SERVICE_BEAT) == 0) return &host->beat;
    if (strcmp(id, BATTEN_SERVICE_STREAM) == 0) return &host->stream;
    if (strcmp(id, BATTEN_SERVICE_USAGE) == 0) return &host->usage;
    if (strcmp(id, BATTEN_SERVICE_QUOTA) == 0) return &host->quota;
    if (strcmp(id, BATTEN_SERVICE_SECRET) == 0) return &host->secret;
    if (strcmp(id, BATTEN_SERVICE_BLOB) == 0) return &host->blob;
    if (strcmp(id, BATTEN_SERVICE_LOOP) == 0) return &host->loop;
    return NULL;
}

static int is_name(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        int letter = text[i] >= 'a' && text[i] <= 'z', digit = text[i] >= '0' && text[i] <= '9';
        if (!letter && (i == 0 || (!digit && text[i] != '_'))) return 0;
    }
    return length > 0 && length <= 64;
}

static void read_executor(batten_fake *host, const batten_executor *e, uint32_t number) {
    const char *id = host->plugin->id;
    if (!e || e->struct_size < sizeof *e) {
        fake_breaks(host, "batten_executor: number %u is shorter than version 1.0", number);
        return;
    }
    size_t length = id ? strlen(id) : 0;
    if (!e->type || !id || strncmp(e->type, id, length) != 0 || e->type[length] != '.'
        || !is_name(e->type + length + 1, strlen(e->type + length + 1)))
        fake_breaks(host, "batten_executor: the type %s is not the plugin's id, a dot and a name",
                    e->type ? e->type : "NULL");
    if (!e->run && !e->begin) fake_breaks(host, "batten_executor: number %u has neither run nor begin", number);
    if (e->reserved0) fake_breaks(host, "batten_executor: reserved0 of number %u is not 0", number);
    if (e->flags & ~15u) fake_breaks(host, "batten_executor: number %u has unknown flags", number);
}

static void read_descriptor(batten_fake *host, batten_plugin_entry entry) {
    batten_hello hello = {sizeof hello, BATTEN_ABI_MAJOR, BATTEN_ABI_MINOR};
    const batten_plugin *plugin = entry(&hello);
    if (!plugin || entry(&hello) != plugin) {
        fake_breaks(host, plugin ? "entry: answers differently each time" : "entry: refuses version 1.0");
        return;
    }
    if (plugin->struct_size < sizeof *plugin) {
        fake_breaks(host, "batten_plugin: shorter than version 1.0");
        return;
    }
    host->plugin = plugin;
    if (plugin->abi_major != BATTEN_ABI_MAJOR) fake_breaks(host, "batten_plugin: abi_major is not 1");
    if (plugin->reserved0) fake_breaks(host, "batten_plugin: reserved0 is not 0");
    if (!plugin->id || !is_name(plugin->id, strlen(plugin->id))) fake_breaks(host, "batten_plugin: id is not a name");
    if (!plugin->version || !*plugin->version) fake_breaks(host, "batten_plugin: there is no version");
    if (plugin->executor_count == 0 || !plugin->executors) {
        fake_breaks(host, "batten_plugin: there are no executors");
        host->plugin = NULL;
        return;
    }
    for (uint32_t i = 0; i < plugin->executor_count; i++) read_executor(host, plugin->executors[i], i);
    if (host->broken_count) host->plugin = NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// What a test sets

batten_fake *batten_fake_new(batten_plugin_entry entry) {
    batten_fake *host = (batten_fake *)fake_make(sizeof *host);
    host->table = (batten_host){sizeof(batten_host), BATTEN_ABI_MAJOR, BATTEN_ABI_MINOR, host, "fake", "1.0.0",
                                query, complete, should_stop};
    pthread_mutex_init(&host->lock, NULL);
    host->thread = pthread_self();
    host->room = -1;
    host->allowed_ns = INT64_MAX;
    host->seen.bytes = fake_copy("", 0);
    host->broken.bytes = fake_copy("", 0);
    host->why = fake_copy("", 0);
    if (pipe2(host->wake, O_CLOEXEC | O_NONBLOCK) < 0) { perror("fake host: pipe"); abort(); }
    fake_fill_services(host);
    read_descriptor(host, entry);
    return host;
}

void batten_fake_future(batten_fake *host) {
    // What lies behind each table is other memory of this host: a plugin that looks there finds nonsense.
    host->longer = 16;
    host->table.abi_minor = 99;
    host->table.struct_size += host->longer;
    host->log.struct_size += host->longer;
    host->beat.struct_size += host->longer;
    host->stream.struct_size += host->longer;
    host->usage.struct_size += host->longer;
    host->quota.struct_size += host->longer;
    host->secret.struct_size += host->longer;
    host->blob.struct_size += host->longer;
    host->loop.struct_size += host->longer;
}

static name *set_name(name *names, int *count, const char *key) {
    name *known = fake_find(names, *count, key);
    if (known) return known;
    if (*count == MAX_NAMES) { fputs("fake host: too many names\n", stderr); abort(); }
    names[*count].key = fake_copy(key, strlen(key));
    return &names[(*count)++];
}

void batten_fake_hide(batten_fake *host, const char *id) { set_name(host->hidden, &host->hidden_count, id); }

void batten_fake_secret(batten_fake *host, const char *key, const char *value) {
    pthread_mutex_lock(&host->lock);
    name *secret = set_name(host->secrets, &host->secret_count, key);
    free(secret->value);
    secret->value = fake_copy(value, strlen(value));
    pthread_mutex_unlock(&host->lock);
}

void batten_fake_quota(batten_fake *host, const char *meter, int64_t limit) {
    pthread_mutex_lock(&host->lock);
    name *found = set_name(host->meters, &host->meter_count, meter);
    found->left += limit - found->limit;
    found->limit = limit;
    pthread_mutex_unlock(&host->lock);
}

int64_t batten_fake_quota_left(batten_fake *host, const char *meter) {
    pthread_mutex_lock(&host->lock);
    name *found = fake_find(host->meters, host->meter_count, meter);
    int64_t left = found ? found->left : -1;
    pthread_mutex_unlock(&host->lock);
    return left;
}

void batten_fake_time(batten_fake *host, int64_t nanoseconds) { host->allowed_ns = nanoseconds; }

void batten_fake_checkpoint(batten_fake *host, const char *state) {
    free(host->checkpoint);
    host->checkpoint = state ? fake_copy(state, strlen(state)) : NULL;
}

void batten_fake_input_blob(batten_fake *host, int is_blob) { host->input_blob = is_blob; }

void batten_fake_room(batten_fake *host, int pieces) {
    pthread_mutex_lock(&host->lock);
    host->room = pieces;
    fake_nudge(host);
    pthread_mutex_unlock(&host->lock);
}

const char *batten_fake_why(batten_fake *host) { return host->why; }
const char *batten_fake_seen(batten_fake *host) { return host->seen.bytes; }
const char *batten_fake_broken(batten_fake *host) { return host->broken.bytes; }

// ---------------------------------------------------------------------------------------------------------------------
// Life

int batten_fake_start(batten_fake *host, const char *config) {
    char reason[512] = "";
    batten_buffer why = {(uint8_t *)reason, sizeof reason - 1, 0};
    if (!host->plugin) { because(host, "the descriptor breaks a rule: %s%s", host->broken.bytes, ""); return 0; }
    if (host->plugin->start) {
        batten_rc rc = host->plugin->start(&host->table, batten_text(config), &host->state, &why);
        if (why.length > why.capacity) fake_breaks(host, "start: wrote more than fits into why");
        if (rc != BATTEN_RC_OK) { because(host, "start refused: %s%s", reason, ""); return 0; }
    }
    host->started = 1;
    return 1;
}

static instance *find_instance(batten_fake *host, const batten_executor *executor, const char *config) {
    char reason[512] = "";
    batten_buffer why = {(uint8_t *)reason, sizeof reason - 1, 0};
    for (instance *i = host->instances; i; i = i->next)
        if (i->executor == executor && strcmp(i->config, config) == 0) return i;
    instance *made = (instance *)fake_make(sizeof *made);
    made->executor = executor;
    if (executor->open) {
        batten_rc rc = executor->open(host->state, batten_text(config), &made->opened, &why);
        if (rc != BATTEN_RC_OK) {
            free(made);
            because(host, "open of %s refused: %s", executor->type, reason);
            return NULL;
        }
    }
    made->config = fake_copy(config, strlen(config));
    made->next = host->instances;
    host->instances = made;
    return made;
}

static void *run_call(void *user) {
    call *c = (call *)user;
    batten_fake *host = fake_of(c->given.host);
    c->of->executor->run(c->of->opened, &c->given);
    pthread_mutex_lock(&host->lock);
    if (!c->over) {
        fake_breaks(host, "run: returned without completing the call %llu", (unsigned long long)c->given.token);
        c->end = (batten_fake_outcome){BATTEN_CLASS_BUG, BATTEN_EFFECT_UNKNOWN, -1,
                                       fake_copy("plugin.bug.no_completion", 24), fake_copy("run did not complete", 20),
                                       fake_copy("", 0), fake_copy("", 0), 0, 0};
        fake_end_call(host, c);
    }
    c->threaded = 2;
    fake_nudge(host);
    pthread_mutex_unlock(&host->lock);
    return NULL;
}

static batten_token begin_call(batten_fake *host, call *c) {
    batten_rc rc = c->of->executor->begin(c->of->opened, &c->given);
    pthread_mutex_lock(&host->lock);
    int over = c->over;
    if (rc != BATTEN_RC_OK && over) fake_breaks(host, "begin: refused a call and completed it as well");
    if (rc != BATTEN_RC_OK) fake_end_call(host, c);
    pthread_mutex_unlock(&host->lock);
    if (rc == BATTEN_RC_OK) return c->given.token;
    because(host, rc == BATTEN_RC_BUSY ? "begin of %s answered BUSY%s" : "begin of %s refused%s",
            c->of->executor->type, "");
    return 0;
}

batten_token batten_fake_call(batten_fake *host, const char *type, const char *config, const char *input) {
    const batten_executor *executor = NULL;
    if (!host->started) { because(host, "the plugin was not started%s%s", "", ""); return 0; }
    for (uint32_t i = 0; i < host->plugin->executor_count; i++)
        if (strcmp(host->plugin->executors[i]->type, type) == 0) executor = host->plugin->executors[i];
    if (!executor) { because(host, "there is no executor %s%s", type, ""); return 0; }
    instance *opened = find_instance(host, executor, config);
    if (!opened) return 0;
    call *c = (call *)fake_make(sizeof *c);
    c->of = opened;
    c->input = fake_copy(input, strlen(input));
    c->threaded = !executor->begin;
    int64_t at = host->allowed_ns == INT64_MAX ? INT64_MAX : fake_now() + host->allowed_ns;
    pthread_mutex_lock(&host->lock);
    c->given.struct_size = sizeof c->given + host->longer;
    c->given.attempt = host->checkpoint ? 2 : 1;
    c->given.token = ++host->last;
    c->given.host = &host->table;
    c->given.run_id = batten_text("run-1");
    c->given.stage_id = batten_text("stage-1");
    c->given.idempotency_key = batten_text("key-1");
    c->given.deadline_ns = at;
    c->given.grace_ns = 5000000000;
    c->given.input.bytes = batten_text(c->input);
    if (host->input_blob) {
        blob *made = (blob *)fake_make(sizeof *made);
        *made = (blob){host->blobs, ++host->last, c->given.token, memfd_create("input", MFD_CLOEXEC), 1};
        if (made->fd < 0 || write(made->fd, c->input, strlen(c->input)) != (ssize_t)strlen(c->input)) {
            perror("fake host: input");
            abort();
        }
        host->blobs = made;
        c->given.input.bytes = (batten_span){NULL, 0};
        c->given.input.blob = made->id;
    }
    if (host->checkpoint) c->given.checkpoint = batten_text(host->checkpoint);
    c->given.env_json = batten_text("{}");
    c->given.working_directory = batten_text("/tmp");
    c->next = host->calls;
    host->calls = c;
    c->in_bucket = host->buckets[c->given.token % BUCKETS];
    host->buckets[c->given.token % BUCKETS] = c;
    pthread_mutex_unlock(&host->lock);
    c->entered = 1;
    if (executor->begin) return begin_call(host, c);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    if (pthread_create(&c->thread, &attributes, run_call, c) != 0) { perror("fake host: thread"); abort(); }
    pthread_attr_destroy(&attributes);
    return c->given.token;
}

void batten_fake_cancel(batten_fake *host, batten_token token, batten_stop why) {
    pthread_mutex_lock(&host->lock);
    call *c = fake_call(host, token);
    int ask = c && !c->over && !c->asked;
    if (ask) { c->asked = 1; c->stop = why; }
    pthread_mutex_unlock(&host->lock);
    if (ask && c->of->executor->cancel) c->of->executor->cancel(c->of->opened, token, why);
}

// Runs one piece of work on the loop, and notes when it held the thread.
#define TIMED(host, what, work)                                                                                        \
    do {                                                                                                               \
        int64_t begun = fake_now();                                                                                    \
        work;                                                                                                          \
        int64_t taken = (fake_now() - begun) / 1000000;                                                                \
        pthread_mutex_lock(&(host)->lock);                                                                             \
        if (taken > 5) fake_see(host, "slow %s %lld ms", what, (long long)taken);                                      \
        pthread_mutex_unlock(&(host)->lock);                                                                           \
    } while (0)

static void turn_queues(batten_fake *host) {
    pthread_mutex_lock(&host->lock);
    job *posted = host->posted;
    grant *grants = host->grants;
    host->posted = NULL;
    host->grants = NULL;
    pthread_mutex_unlock(&host->lock);
    while (posted) {
        job *next = posted->next;
        TIMED(host, "post", posted->fn(posted->user));
        free(posted);
        posted = next;
    }
    while (grants) {
        grant *next = grants->next;
        TIMED(host, "hold", grants->fn(grants->user, grants->token, grants->lease, grants->rc,
                                       grants->rc == BATTEN_RC_OK ? -1 : 60000000000));
        free(grants);
        grants = next;
    }
    for (call *c = host->calls; c; c = c->next) {
        pthread_mutex_lock(&host->lock);
        batten_task_fn ready = c->ready && (c->over || host->room != 0) ? c->ready : NULL;
        if (ready) c->ready = NULL;
        int late = !c->over && !c->asked && c->given.deadline_ns <= fake_now();
        pthread_mutex_unlock(&host->lock);
        if (ready) TIMED(host, "ready", ready(c->ready_user));
        if (late) batten_fake_cancel(host, c->given.token, BATTEN_STOP_DEADLINE);
    }
}

static int64_t next_time(batten_fake *host) {
    int64_t next = INT64_MAX;
    for (job *t = host->timers; t; t = t->next)
        if (t->at < next) next = t->at;
    for (call *c = host->calls; c; c = c->next)
        if (!c->over && !c->asked && c->given.deadline_ns < next) next = c->given.deadline_ns;
    return next;
}

void batten_fake_turn(batten_fake *host, int milliseconds) {
    struct pollfd entries[MAX_WATCHES + 1];
    char drain[64];
    int count = host->watch_count;
    pthread_mutex_lock(&host->lock);
    int64_t next = next_time(host), wait = milliseconds;
    pthread_mutex_unlock(&host->lock);
    if (next != INT64_MAX) {
        int64_t until = next <= fake_now() ? 0 : (next - fake_now()) / 1000000 + 1;
        if (until < wait) wait = until;
    }
    for (int i = 0; i < count; i++) {
        uint32_t events = host->watches[i].events;
        entries[i] = (struct pollfd){host->watches[i].fd,
                                     (short)((events & BATTEN_LOOP_READ ? POLLIN : 0)
                                             | (events & BATTEN_LOOP_WRITE ? POLLOUT : 0)), 0};
    }
    entries[count] = (struct pollfd){host->wake[0], POLLIN, 0};
    int ready = poll(entries, (nfds_t)count + 1, wait > INT_MAX ? INT_MAX : (int)wait);
    while (read(host->wake[0], drain, sizeof drain) > 0) {}
    turn_queues(host);
    for (int i = 0; ready > 0 && i < count; i++) {
        // An earlier callback may have ended this watch.
        for (int j = 0; j < host->watch_count; j++) {
            watch w = host->watches[j];
            short got = entries[i].revents;
            if (w.fd != entries[i].fd || !got) continue;
            uint32_t events = (got & POLLIN ? BATTEN_LOOP_READ : 0) | (got & POLLOUT ? BATTEN_LOOP_WRITE : 0)
                | (got & POLLHUP ? BATTEN_LOOP_HANGUP : 0) | (got & (POLLERR | POLLNVAL) ? BATTEN_LOOP_ERROR : 0);
            pthread_mutex_lock(&host->lock);
            if (got & POLLNVAL) fake_breaks(host, "loop.unwatch: descriptor %d was closed while watched", w.fd);
            pthread_mutex_unlock(&host->lock);
            TIMED(host, "watch", w.fn(w.user, w.fd, events));
            break;
        }
    }
    for (int64_t time = fake_now();;) {
        job **first = NULL;
        for (job **place = &host->timers; *place; place = &(*place)->next)
            if ((*place)->at <= time && (!first || (*place)->at < (*first)->at)) first = place;
        if (!first) break;
        job *due = *first;
        *first = due->next;
        TIMED(host, "timer", due->fn(due->user));
        free(due);
    }
}

// A call is over for the test when its thread has ended too.
static int is_over(batten_fake *host, call *c) {
    pthread_mutex_lock(&host->lock);
    int over = c->over && c->threaded != 1;
    pthread_mutex_unlock(&host->lock);
    return over;
}

const batten_fake_outcome *batten_fake_wait(batten_fake *host, batten_token token, int milliseconds) {
    call *c = fake_call(host, token);
    int64_t until = fake_now() + (int64_t)milliseconds * 1000000;
    if (!c) return NULL;
    while (!is_over(host, c)) {
        int64_t left = until - fake_now();
        if (left <= 0) return NULL;
        batten_fake_turn(host, (int)(left / 1000000) + 1);
    }
    return c->end.code ? &c->end : NULL;
}

const batten_fake_outcome *batten_fake_run(batten_fake *host, const char *type, const char *input) {
    batten_token token = batten_fake_call(host, type, "{}", input);
    return token ? batten_fake_wait(host, token, 10000) : NULL;
}
