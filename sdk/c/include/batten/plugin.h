/// The Batten plugin ABI, version 1.
///
/// A plugin is a shared object named `libbatten-plugin-<id>.so` that exports one function,
/// `batten_plugin_entry_v1`. It answers with an immutable descriptor; everything else is reached from there.
/// This header is all a plugin needs: C99 or C++11, no libc types beyond <stddef.h> and <stdint.h>.
///
/// The order of calls
///
///     entry -> start -> ( open -> ( run | begin ... complete )* -> close )* -> stop
///
/// Where a function may be called, or is called by the host
///
///     [control]  One thread at a time for one plugin. May take its time: it reads settings, allocates, connects.
///     [pool]     A host thread that may block, 1 MiB of stack. Many run in parallel, up to `max_in_flight`.
///     [loop]     The one event loop thread the instance belongs to, never in parallel with itself.
///     [any]      Any thread, at the same time as everything else.
///     [quick]    In addition: must not block. A callback that takes longer than 5 ms delays its neighbours.
///
/// Rules that hold everywhere
///
/// - Memory never changes owner. What one side passes is borrowed by the other for the time each comment states,
///   and nobody frees what the other allocated.
/// - Text is UTF-8. A `batten_span` has no terminating NUL; a `const char *` has one.
/// - Every struct that can grow starts with its own size. A reader looks only at fields within that size and takes
///   missing ones as zero; use BATTEN_HAS. Fields are only ever appended. Spans, payloads and buffers are embedded
///   by value, have no size, and therefore never change. Arrays hold pointers, because elements can grow.
/// - Reserved fields are zero.
/// - Integers stand for enumerations, in families: a value that a reader does not know counts as the first one of
///   its family.
/// - Times are nanoseconds. Points in time are of CLOCK_MONOTONIC and mean the same in host and worker processes.
/// - No exception, panic or longjmp crosses a function of this header.
/// - Whoever breaks a rule in a host that was started with BATTEN_CHECK=1 is told which one, and the call in which it
///   was broken ends with BATTEN_CLASS_BUG; touching what was only lent ends the process.
/// - A plugin is never unloaded. It leaves process-wide state alone: signal handlers and masks, locale, current
///   folder, umask, environment, descriptors 0 to 2, resource limits. It does not call exit() or fork().
#ifndef BATTEN_PLUGIN_H
#define BATTEN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

/// The version this header describes. The major version is part of the entry function's name; a higher minor version
/// has only additions.
#define BATTEN_ABI_MAJOR 1
#define BATTEN_ABI_MINOR 0

#if defined(__cplusplus) && __cplusplus >= 201703L
/// Part of the pointer's type from C++17 on, so that a function which may throw does not convert.
#define BATTEN_NOEXCEPT noexcept
#else
#define BATTEN_NOEXCEPT
#endif

#if defined(__GNUC__) || defined(__clang__)
#define BATTEN_EXPORT __attribute__((visibility("default")))
#else
#define BATTEN_EXPORT
#endif

#if defined(__has_feature)
#if __has_feature(nullability)
#define BATTEN_NULLABLE _Nullable
#define BATTEN_NONNULL _Nonnull
#define BATTEN_ASSUME_NONNULL 1
#endif
#endif
#ifndef BATTEN_NULLABLE
#define BATTEN_NULLABLE
#define BATTEN_NONNULL
#endif

/// Declares an enumeration as an integer of a stated width. Swift's importer sees an open enumeration.
#if defined(__swift__) && defined(__has_attribute)
#if __has_attribute(enum_extensibility)
#define BATTEN_ENUM(name, integer)                                                                                     \
    enum name : integer;                                                                                               \
    typedef enum name name;                                                                                            \
    enum __attribute__((enum_extensibility(open))) name : integer
#endif
#endif
#ifndef BATTEN_ENUM
#define BATTEN_ENUM(name, integer)                                                                                     \
    typedef integer name;                                                                                              \
    enum
#endif

/// True if the struct at `p` is large enough to hold `field` and the field is not zero.
#define BATTEN_HAS(p, field)                                                                                           \
    ((p) && (p)->struct_size >= offsetof(__typeof__(*(p)), field) + sizeof((p)->field) && (p)->field)

#ifdef __cplusplus
extern "C" {
#endif
#ifdef BATTEN_ASSUME_NONNULL
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Values

/// Borrowed bytes. `ptr` may be NULL when `len` is 0.
typedef struct batten_span {
    const uint8_t *BATTEN_NULLABLE ptr;
    uint64_t len;
} batten_span;

/// A caller's buffer that the callee fills: at most `capacity` bytes from `ptr` on, then `length` says how many.
typedef struct batten_buffer {
    uint8_t *BATTEN_NULLABLE ptr;
    uint64_t capacity;
    uint64_t length;
} batten_buffer;

/// A value with its media type. Frozen: it is embedded by value.
typedef struct batten_payload {
    /// The bytes themselves; empty if `blob` is not 0.
    batten_span bytes;
    /// Empty means `application/json`, in UTF-8 without a byte order mark.
    batten_span media_type;
    /// A blob of the service `batten.blob/1` instead of bytes, or 0.
    uint64_t blob;
    uint64_t reserved;
} batten_payload;

/// Names one call: slot and generation, never a pointer. 0 names no call.
typedef uint64_t batten_token;

/// How a function of this header itself ended.
BATTEN_ENUM(batten_rc, int32_t){
    BATTEN_RC_OK = 0,
    /// Not possible now or not for this caller; the function's comment says when.
    BATTEN_RC_REFUSED = 1,
    /// The token names a call that is over. Nothing happened.
    BATTEN_RC_STALE = 2,
    /// A NULL where none is allowed, a struct that is too short, a value out of range.
    BATTEN_RC_BAD_ARGUMENT = 3,
    /// This host or plugin cannot do that at all.
    BATTEN_RC_UNSUPPORTED = 4,
    /// The plugin did not declare the capability, or the operator did not grant it.
    BATTEN_RC_DENIED = 5,
    /// The buffer is too small; the needed size was given back.
    BATTEN_RC_TOO_SMALL = 6,
    /// Not now, try again: the receiver is full.
    BATTEN_RC_BUSY = 7,
};

/// How a call ended. The family is value / 100.
BATTEN_ENUM(batten_class, uint32_t){
    /// The work is done and `output` holds the result.
    BATTEN_CLASS_DONE = 100,

    /// It failed for a reason that may pass.
    BATTEN_CLASS_RETRY = 200,
    /// The other side limits the rate; `retry_after_ns` if it said how long.
    BATTEN_CLASS_RATE_LIMITED = 201,
    /// The other side is overloaded.
    BATTEN_CLASS_OVERLOADED = 202,
    /// The process that carried the call ended. Only a host says this.
    BATTEN_CLASS_CRASHED = 203,

    /// It was carried out and the answer is no: an exit status, an expectation that did not hold.
    BATTEN_CLASS_FAILED = 300,
    /// The input asks for something impossible.
    BATTEN_CLASS_BAD_INPUT = 301,
    /// A credential is missing, wrong or not sufficient.
    BATTEN_CLASS_AUTH = 302,
    /// A quota or budget does not allow it.
    BATTEN_CLASS_QUOTA = 303,
    /// The plugin broke a rule of this header or contradicts itself.
    BATTEN_CLASS_BUG = 304,
    /// Trying again cannot help, for a reason that none of the others names.
    BATTEN_CLASS_PERMANENT = 305,

    /// It ended because the host asked.
    BATTEN_CLASS_CANCELLED = 400,
    /// It ended because its time was over.
    BATTEN_CLASS_DEADLINE = 401,
};

/// Whether the world outside may have changed.
BATTEN_ENUM(batten_effect, uint32_t){
    BATTEN_EFFECT_UNKNOWN = 0,
    /// Certainly nothing happened: trying again is safe.
    BATTEN_EFFECT_NONE = 1,
    BATTEN_EFFECT_MADE = 2,
};

/// Why a call shall end.
BATTEN_ENUM(batten_stop, uint32_t){
    /// No reason: go on.
    BATTEN_STOP_NONE = 0,
    BATTEN_STOP_CANCELLED = 1,
    BATTEN_STOP_DEADLINE = 2,
    /// The host shuts down.
    BATTEN_STOP_SHUTDOWN = 3,
    /// The call is over already; whatever still works for it may end.
    BATTEN_STOP_STALE = 4,
};

// ---------------------------------------------------------------------------------------------------------------------
// A call and its outcome

typedef struct batten_host batten_host;

/// One attempt to carry out one stage. Host-owned and read only; it and all it points to stay valid and unchanged
/// until `complete` for its token returns, or, if `begin` does not answer OK, until `begin` returns.
typedef struct batten_call {
    uint32_t struct_size;
    /// Counts from 1.
    uint32_t attempt;
    batten_token token;
    /// The host that made the call: the one `start` was given.
    const batten_host *host;
    batten_span run_id;
    batten_span stage_id;
    /// The same for all attempts of this stage in this run; for the other side to recognise a repetition.
    batten_span idempotency_key;
    /// W3C trace context, or empty.
    batten_span traceparent;
    /// When the host will ask the call to end; INT64_MAX means never.
    int64_t deadline_ns;
    /// How long after asking the host still waits for `complete`. Afterwards it gives the call up and its token is
    /// stale.
    int64_t grace_ns;
    /// The stage's `with`, checked against the executor's input schema.
    batten_payload input;
    /// What an earlier attempt saved last with `batten.beat/1`; empty if nothing.
    batten_span checkpoint;
    /// The stage's environment: a JSON object of strings. Empty means `{}`. Never the host's own environment.
    batten_span env_json;
    /// Absolute path of the folder that relative paths of this call start from.
    batten_span working_directory;
} batten_call;

/// How one call ended. Plugin-owned: `complete` copies what the host needs before it returns.
typedef struct batten_outcome {
    uint32_t struct_size;
    batten_class outcome_class;
    batten_effect effect;
    uint32_t reserved0;
    /// How long to wait before trying again; negative if not known.
    int64_t retry_after_ns;
    /// For programs: dotted lower case words such as `http.status.503`. Empty if done.
    batten_span code;
    /// For people: what happened and what to do about it. Empty if done.
    batten_span message;
    /// A JSON object with whatever else is known, or empty.
    batten_span details;
    /// The result, checked against the executor's output schema. Empty bytes mean JSON `null`. A failed call may
    /// have an output too; it is kept for diagnosis and not checked.
    batten_payload output;
} batten_outcome;

// ---------------------------------------------------------------------------------------------------------------------
// The host

/// What the host offers to one plugin. Valid from `start` until `stop` returns.
struct batten_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    /// The host's own; a plugin does not touch it.
    void *BATTEN_NULLABLE context;
    /// For example `batten`.
    const char *name;
    const char *version;

    /// Finds a service by its id, such as BATTEN_SERVICE_LOG; NULL if this host does not offer it. A plugin works
    /// without any service, or refuses in `start`. The table is valid as long as the host.
    /// [any]
    const void *BATTEN_NULLABLE (*BATTEN_NONNULL query)(const batten_host *host,
                                                        const char *service_id) BATTEN_NOEXCEPT;

    /// Ends the call `token`: exactly once for each call, from any thread, also from inside `begin` or `run`. The host
    /// copies the outcome; when this returns, the call's memory is gone, and `should_stop` is the one function that may
    /// still be asked about the token. STALE: the call was over already, by an earlier completion, which breaks this
    /// rule, or because the host gave it up, of which the plugin cannot know; no harm is done. BAD_ARGUMENT: the outcome cannot be
    /// read; the call then ends with BATTEN_CLASS_BUG.
    /// [any] [quick]
    batten_rc (*complete)(const batten_host *host, batten_token token, const batten_outcome *outcome) BATTEN_NOEXCEPT;

    /// Asks whether the call shall end. Cheap enough for an inner loop.
    /// [any] [quick]
    batten_stop (*should_stop)(const batten_host *host, batten_token token) BATTEN_NOEXCEPT;
};

// ---------------------------------------------------------------------------------------------------------------------
// The plugin

/// The plugin's own state, made by `start`. The host only passes it on; it may be NULL.
typedef struct batten_state batten_state;
/// One configured executor, made by `open`. The host only passes it on; it may be NULL.
typedef struct batten_instance batten_instance;

enum {
    /// Carrying out a call twice with one idempotency key has the effect of once.
    BATTEN_EXECUTOR_IDEMPOTENT = 1u << 0,
    /// The output depends on the input alone and nothing else changes. Implies idempotent.
    BATTEN_EXECUTOR_PURE = 1u << 1,
    /// A call ends soon after `cancel` or after `should_stop` says so.
    BATTEN_EXECUTOR_CANCELLABLE = 1u << 2,
    /// Cannot run in a worker process.
    BATTEN_EXECUTOR_HOST_PROCESS_ONLY = 1u << 3
};

/// One type of stage that the plugin can carry out. Immutable and valid for the life of the process.
typedef struct batten_executor {
    uint32_t struct_size;
    /// BATTEN_EXECUTOR_ bits; unknown ones are zero.
    uint32_t flags;
    /// How many calls of one instance may be in flight; 0 means no limit.
    uint32_t max_in_flight;
    uint32_t reserved0;
    /// `<plugin id>.<name>`; required. The name is lower case letters, digits and `_`, and begins with a letter.
    const char *BATTEN_NULLABLE type;
    /// Version of this executor's behaviour; NULL means the plugin's.
    const char *BATTEN_NULLABLE version;
    /// A few words, and some sentences; both optional.
    const char *BATTEN_NULLABLE title;
    const char *BATTEN_NULLABLE description;
    /// JSON Schemas (2020-12) of the configuration, of a call's input and of its output. NULL accepts anything.
    const char *BATTEN_NULLABLE config_schema;
    const char *BATTEN_NULLABLE input_schema;
    const char *BATTEN_NULLABLE output_schema;
    /// What the executor needs of its surroundings, a JSON object with the optional members
    /// `paths` {"read": [path…], "write": [path…]}, `secrets` [name…], `process` (bool: starts processes) and
    /// `network` ("none", "any", or {"tcp_ports": [port…]}). A missing member means none. NULL means `{}`.
    const char *BATTEN_NULLABLE capabilities;

    /// Makes an instance for one configuration, which fits the config schema; calls with equal configurations share
    /// it. Anything but OK refuses and writes the reason for people into `why`; `*instance` is then ignored and not
    /// closed. NULL means that there is nothing to open.
    /// [control]
    batten_rc (*BATTEN_NULLABLE open)(batten_state *BATTEN_NULLABLE state, batten_span config_json,
                                      batten_instance *BATTEN_NULLABLE *BATTEN_NONNULL instance,
                                      batten_buffer *why) BATTEN_NOEXCEPT;

    /// Ends an instance. No call of it is in flight; an instance with calls that the host gave up and that never
    /// completed is not closed. Afterwards no descriptor is watched for it and no timer of it runs. May be NULL.
    /// [control]
    void (*BATTEN_NULLABLE close)(batten_instance *BATTEN_NULLABLE instance) BATTEN_NOEXCEPT;

    /// Carries out a call and completes it before returning. An executor has at least one of `run` and `begin`; if it
    /// has both, the host uses `begin`.
    /// [pool]
    void (*BATTEN_NULLABLE run)(batten_instance *BATTEN_NULLABLE instance, const batten_call *call) BATTEN_NOEXCEPT;

    /// Starts a call and returns at once. OK promises exactly one completion, which may have happened already; nobody
    /// learns of it before `begin` has returned. Anything else: the call did not start and has no completion; the host
    /// ends it without effect, after BUSY as BATTEN_CLASS_OVERLOADED and otherwise as BATTEN_CLASS_FAILED.
    /// [loop] [quick]
    batten_rc (*BATTEN_NULLABLE begin)(batten_instance *BATTEN_NULLABLE instance,
                                       const batten_call *call) BATTEN_NOEXCEPT;

    /// Asks a call to end soon; it still completes, with whatever class is true. Comes at most once for each call, only
    /// after `run` or `begin` was entered, and may race with `complete`: an unknown token is ignored. For a call begun
    /// with `begin` it comes on the instance's loop thread. NULL: the executor looks at `should_stop` alone.
    /// [any] [quick]
    void (*BATTEN_NULLABLE cancel)(batten_instance *BATTEN_NULLABLE instance, batten_token token,
                                   batten_stop why) BATTEN_NOEXCEPT;
} batten_executor;

/// The descriptor of a plugin. Immutable and valid for the life of the process.
typedef struct batten_plugin {
    uint32_t struct_size;
    /// The version of this header that the plugin was built with.
    uint16_t abi_major;
    uint16_t abi_minor;
    /// The oldest host it works with: a host of a lower minor version refuses it.
    uint16_t min_host_minor;
    uint16_t reserved0;
    uint32_t executor_count;
    /// Lower case letters, digits and `_`, beginning with a letter; the file is `libbatten-plugin-<id>.so`. Required.
    const char *BATTEN_NULLABLE id;
    /// Semantic version; required.
    const char *BATTEN_NULLABLE version;
    const char *BATTEN_NULLABLE title;
    const char *BATTEN_NULLABLE description;
    /// What it was built with, such as `c/1.0.0`; optional.
    const char *BATTEN_NULLABLE sdk;
    /// Whatever else describes it (licence, authors, home page), a JSON object; optional.
    const char *BATTEN_NULLABLE manifest_json;
    /// JSON Schema of the configuration that `start` receives. NULL accepts anything.
    const char *BATTEN_NULLABLE config_schema;
    /// `executor_count` pointers, at least one.
    const batten_executor *BATTEN_NULLABLE const *BATTEN_NULLABLE executors;

    /// Begins a life of the plugin. `host` is valid until `stop` returns. A process can have several hosts, each with a
    /// life of its own: what belongs to one is kept in `*state`. Anything but OK refuses the plugin and writes the reason
    /// for people into `why`; `stop` is then not called. NULL means that there is nothing to start.
    /// [control]
    batten_rc (*BATTEN_NULLABLE start)(const batten_host *host, batten_span config_json,
                                       batten_state *BATTEN_NULLABLE *BATTEN_NONNULL state,
                                       batten_buffer *why) BATTEN_NOEXCEPT;

    /// Ends a life of the plugin; all instances are closed. Joins every thread the plugin made, and returns by
    /// `deadline_ns`. The loops still run, so that it can post to them. A plugin with instances that could not be
    /// closed is not stopped. May be NULL.
    /// [control]
    void (*BATTEN_NULLABLE stop)(batten_state *BATTEN_NULLABLE state, int64_t deadline_ns) BATTEN_NOEXCEPT;

    /// Finds an additional table of the plugin by its id; NULL if it has none of that id. May be NULL.
    /// [any]
    const void *BATTEN_NULLABLE (*BATTEN_NULLABLE query)(const char *facet_id) BATTEN_NOEXCEPT;
} batten_plugin;

/// What the host says of itself before it knows the plugin.
typedef struct batten_hello {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
} batten_hello;

/// The one exported function of a plugin. Pure: no input or output, no threads, the same answer each time. NULL
/// refuses this host.
/// [any]
BATTEN_EXPORT const batten_plugin *BATTEN_NULLABLE batten_plugin_entry_v1(const batten_hello *hello) BATTEN_NOEXCEPT;

/// The type of that function, for whoever looks it up.
typedef const batten_plugin *BATTEN_NULLABLE (*batten_plugin_entry)(const batten_hello *hello) BATTEN_NOEXCEPT;
#define BATTEN_PLUGIN_ENTRY_NAME "batten_plugin_entry_v1"

// ---------------------------------------------------------------------------------------------------------------------
// Services: tables found with `host->query`. A breaking change gets a new revision after the slash; the old one stays.

#define BATTEN_SERVICE_LOG "batten.log/1"
#define BATTEN_SERVICE_BEAT "batten.beat/1"
#define BATTEN_SERVICE_STREAM "batten.stream/1"
#define BATTEN_SERVICE_USAGE "batten.usage/1"
#define BATTEN_SERVICE_QUOTA "batten.quota/1"
#define BATTEN_SERVICE_BOUND "batten.bound/1"
#define BATTEN_SERVICE_SECRET "batten.secret/1"
#define BATTEN_SERVICE_BLOB "batten.blob/1"
#define BATTEN_SERVICE_LOOP "batten.loop/1"
#define BATTEN_SERVICE_SCHEMA "batten.schema/1"

/// `batten.schema/1`: JSON Schema (2020-12), checked as the host checks inputs and outputs.
typedef struct batten_schema {
    uint64_t struct_size;
    /// Checks a JSON value against a schema, both as JSON text. On OK `result` holds a JSON list: empty if the value
    /// fits, otherwise an object with `path` (such as `items[2].name`, empty for the value itself), `keyword` and
    /// `message` for each thing that does not. TOO_SMALL: `result.length` says how much room it takes. REFUSED: the
    /// schema is none that can be checked, `result` says why. BAD_ARGUMENT: one of the texts is no JSON.
    /// [any]
    batten_rc (*check)(const batten_host *host, batten_span schema, batten_span value,
                       batten_buffer *result) BATTEN_NOEXCEPT;
} batten_schema;

/// Importance of a log line; the family is value / 10.
BATTEN_ENUM(batten_level, uint32_t){
    BATTEN_LEVEL_DEBUG = 10,
    BATTEN_LEVEL_INFO = 20,
    BATTEN_LEVEL_WARNING = 30,
    BATTEN_LEVEL_ERROR = 40,
};

/// `batten.log/1`: lines for people.
typedef struct batten_log {
    uint64_t struct_size;
    /// Writes one line, with `fields_json` a JSON object or empty. Token 0: of the plugin itself. The bytes are copied.
    /// STALE: the call is over and the line was dropped.
    /// [any] [quick]
    batten_rc (*write)(const batten_host *host, batten_token token, batten_level level, batten_span text,
                       batten_span fields_json) BATTEN_NOEXCEPT;
} batten_log;

/// `batten.beat/1`: signs of life, progress, and state for the next attempt.
typedef struct batten_beat {
    uint64_t struct_size;
    /// Says that the call lives and how far it is: `fraction` from 0 to 1, negative if not known; `note` for people or
    /// empty. STALE: stop working, the call is over.
    /// [any] [quick]
    batten_rc (*beat)(const batten_host *host, batten_token token, double fraction, batten_span note) BATTEN_NOEXCEPT;
    /// Keeps `state` (at most 1 MiB, otherwise BAD_ARGUMENT) for a later attempt, in place of what was kept before.
    /// [any] [quick]
    batten_rc (*checkpoint)(const batten_host *host, batten_token token, batten_span state) BATTEN_NOEXCEPT;
} batten_beat;

typedef void (*batten_task_fn)(void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;

/// `batten.stream/1`: output that is shown while the call still works.
typedef struct batten_stream {
    uint64_t struct_size;
    /// Passes on the next bytes of a channel: `text` for a piece of the answer, `stdout` and `stderr` (or a name of the
    /// executor's own) for output that the host cuts into log lines. They are copied, and a character may be split
    /// between two writes. BUSY: nothing was taken, because the reader is behind; wait and offer the same bytes again.
    /// [any] [quick]
    batten_rc (*write)(const batten_host *host, batten_token token, batten_span channel,
                       batten_span bytes) BATTEN_NOEXCEPT;
    /// Blocks until a write is worth trying or `deadline_ns` has come. STALE: the call is over. BUSY: still no room.
    /// [pool]
    batten_rc (*wait)(const batten_host *host, batten_token token, int64_t deadline_ns) BATTEN_NOEXCEPT;
    /// Has `ready` called once, when a write is worth trying or the call is over, on the loop thread of the instance;
    /// REFUSED for a call that was not begun with `begin`, and while an earlier `ready` of this call is outstanding.
    /// [any]
    batten_rc (*when_ready)(const batten_host *host, batten_token token, batten_task_fn ready,
                            void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;
} batten_stream;

/// `batten.usage/1`: what the call consumed. Amounts add up and never reset.
typedef struct batten_usage {
    uint64_t struct_size;
    /// Adds `amount` (not negative) to a meter, for example `llm.tokens.output`, of a subject, for example the model's
    /// name. STALE: the call is over and its usage is settled.
    /// [any] [quick]
    batten_rc (*add)(const batten_host *host, batten_token token, batten_span meter, batten_span subject,
                     int64_t amount) BATTEN_NOEXCEPT;
} batten_usage;

/// Answers a hold: OK with a lease, or the reason with how long to wait (negative: not known).
typedef void (*batten_lease_fn)(void *BATTEN_NULLABLE user, batten_token token, uint64_t lease, batten_rc rc,
                                int64_t retry_after_ns) BATTEN_NOEXCEPT;

/// `batten.quota/1`: reserve before use, settle after. A lease ends with its call at the latest: what was not settled is
/// given back. What the usage service reports of the same meter and subject meanwhile is part of the lease.
typedef struct batten_quota {
    uint64_t struct_size;
    /// Asks for an upper bound of what will be used. Only after OK: `granted` is called once, on the instance's loop
    /// thread for a call begun with `begin` and on any thread otherwise: with OK as soon as there is room, which may take
    /// as long as a window, with REFUSED if there will be none, with STALE if the call is to stop or over.
    /// [any] [quick]
    batten_rc (*hold)(const batten_host *host, batten_token token, batten_span meter, batten_span subject,
                      int64_t amount, batten_lease_fn granted, void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;
    /// Says what was really used in all, books what of it the usage service was not told, and gives the rest back.
    /// STALE: the lease is over; nothing was booked. REFUSED: it is more than was held; it was booked all the same.
    /// [any] [quick]
    batten_rc (*settle)(const batten_host *host, uint64_t lease, int64_t used) BATTEN_NOEXCEPT;
} batten_quota;

/// What of a call `batten_bound` replaces.
#define BATTEN_BOUND_NEXT 1u

/// What a request uses at most: the same that `x-batten-usage` declares of the first request of a call.
typedef struct batten_request_bound {
    uint64_t struct_size;
    /// What is used, for example the model's name.
    batten_span subject;
    /// Each at most; none is negative.
    int64_t requests;
    int64_t input_tokens;
    int64_t output_tokens;
    /// What `output_tokens` may be cut down to where a budget has less left; the same number if that cannot be.
    int64_t least_output_tokens;
    /// `BATTEN_BOUND_NEXT`: what the executor has declared and the call has not used is given back first, because the
    /// request that it was declared for is over. All that it has used has to be reported before.
    uint64_t flags;
} batten_request_bound;

/// Answers a bound: OK with a lease and the tokens that may come out, or the reason as for a hold.
typedef void (*batten_bound_fn)(void *BATTEN_NULLABLE user, batten_token token, uint64_t lease, batten_rc rc,
                                int64_t output_tokens, int64_t retry_after_ns) BATTEN_NOEXCEPT;

/// `batten.bound/1`: a further request of a call, held whole before it goes out. The lease is one of `batten.quota/1`,
/// and takes in the requests and tokens of its subject that the usage service is told; it is settled there, with the
/// requests that were made.
typedef struct batten_bound {
    uint64_t struct_size;
    /// Asks for all of it at once. `granted` is called as that of `batten_quota.hold`.
    /// [any] [quick]
    batten_rc (*hold)(const batten_host *host, batten_token token, const batten_request_bound *bound,
                      batten_bound_fn granted, void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;
} batten_bound;

/// `batten.secret/1`: values that the executor's capabilities name.
typedef struct batten_secret {
    uint64_t struct_size;
    /// Copies the secret into `value`, whose `length` becomes its size also if it does not fit (TOO_SMALL). DENIED: not
    /// declared or not granted. The plugin overwrites its copy after use.
    /// [any]
    batten_rc (*read)(const batten_host *host, batten_token token, batten_span name,
                      batten_buffer *value) BATTEN_NOEXCEPT;
} batten_secret;

/// `batten.blob/1`: large values by file descriptor. The plugin closes what it receives.
typedef struct batten_blob {
    uint64_t struct_size;
    /// Opens a blob for reading, from its first byte.
    /// [any]
    batten_rc (*open)(const batten_host *host, batten_token token, uint64_t blob, int *fd) BATTEN_NOEXCEPT;
    /// Makes an empty blob for writing; `hint` is its likely size in bytes or 0.
    /// [any]
    batten_rc (*create)(const batten_host *host, batten_token token, uint64_t hint, int *fd,
                        uint64_t *blob) BATTEN_NOEXCEPT;
    /// Ends the writing. From then on the blob can be an output. Unsealed ones vanish with the call.
    /// [any]
    batten_rc (*seal)(const batten_host *host, batten_token token, uint64_t blob) BATTEN_NOEXCEPT;
} batten_blob;

enum {
    BATTEN_LOOP_READ = 1u << 0,
    BATTEN_LOOP_WRITE = 1u << 1,
    /// Only reported, never asked for.
    BATTEN_LOOP_HANGUP = 1u << 2,
    BATTEN_LOOP_ERROR = 1u << 3
};

typedef void (*batten_watch_fn)(void *BATTEN_NULLABLE user, int fd, uint32_t events) BATTEN_NOEXCEPT;

/// `batten.loop/1`: the host's event loops. `begin`, `cancel` of calls begun, and all callbacks of one instance share
/// one loop thread, so that what they alone touch needs no lock.
typedef struct batten_loop {
    uint64_t struct_size;
    /// Names the loop of the calling thread, for `post`. REFUSED on any other thread.
    /// [loop] [quick]
    batten_rc (*current)(const batten_host *host, uint64_t *loop) BATTEN_NOEXCEPT;
    /// Calls `fn` whenever the descriptor is ready for one of the `events` (level-triggered), until `unwatch`. For a
    /// descriptor that is watched already it changes events, function and user. Unwatch before closing it.
    /// [loop] [quick]
    batten_rc (*watch)(const batten_host *host, int fd, uint32_t events, batten_watch_fn fn,
                       void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;
    /// After it returns the function is not called again. REFUSED: not watched.
    /// [loop] [quick]
    batten_rc (*unwatch)(const batten_host *host, int fd) BATTEN_NOEXCEPT;
    /// Calls `fn` once at that time or soon after it; `*id` is never 0.
    /// [loop] [quick]
    batten_rc (*timer)(const batten_host *host, int64_t at_ns, batten_task_fn fn, void *BATTEN_NULLABLE user,
                       uint64_t *id) BATTEN_NOEXCEPT;
    /// After it returns the function is not called. STALE: it was called already.
    /// [loop] [quick]
    batten_rc (*untimer)(const batten_host *host, uint64_t id) BATTEN_NOEXCEPT;
    /// Calls `fn` on the thread of `loop`, in order of posting. The one function of this table for other threads.
    /// REFUSED: the loop has ended.
    /// [any] [quick]
    batten_rc (*post)(const batten_host *host, uint64_t loop, batten_task_fn fn,
                      void *BATTEN_NULLABLE user) BATTEN_NOEXCEPT;
} batten_loop;

// ---------------------------------------------------------------------------------------------------------------------
// Conveniences for C

/// The bytes of a text that ends in NUL.
static inline batten_span batten_text(const char *text) {
    batten_span span;
    uint64_t length = 0;
    while (text[length] != 0) length++;
    span.ptr = (const uint8_t *)text;
    span.len = length;
    return span;
}

/// Writes as much of a text as fits: for the reason why `start` or `open` refuses.
static inline void batten_say(batten_buffer *buffer, const char *text) {
    uint64_t length = 0;
    while (buffer->ptr && length < buffer->capacity && text[length] != 0) {
        buffer->ptr[length] = (uint8_t)text[length];
        length++;
    }
    buffer->length = length;
}

#ifdef BATTEN_ASSUME_NONNULL
#pragma clang assume_nonnull end
#pragma clang diagnostic pop
#endif
#ifdef __cplusplus
}
#endif
#endif
