/// A host for unit tests of plugins: no Batten needed, only this header and `fake_host.c`.
///
/// It goes through a plugin's life as a host does, offers every service, remembers what it is told, and holds the
/// plugin against the rules of <batten/plugin.h>. The thread that makes it is its loop's thread: `begin`, `cancel` and
/// all callbacks come there, while a batten_fake function waits. `run` comes on a thread of its own with 1 MiB of stack,
/// `close` and `stop` on another one while the loop goes on.
///
///     batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
///     assert(batten_fake_start(host, "{}"));
///     const batten_fake_outcome *end = batten_fake_run(host, "hello.greet", "{\"name\": \"Ada\"}");
///     assert(end && end->outcome_class == BATTEN_CLASS_DONE);
///     assert(batten_fake_end(host) == 0);
///
/// All functions are for the thread that made the host. Texts they give back live until `batten_fake_end`.
#ifndef BATTEN_FAKE_HOST_H
#define BATTEN_FAKE_HOST_H

#include <batten/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct batten_fake batten_fake;

/// How a call ended, with texts that end in NUL and are never NULL.
typedef struct batten_fake_outcome {
    batten_class outcome_class;
    batten_effect effect;
    /// Negative if not known.
    int64_t retry_after_ns;
    const char *code;
    const char *message;
    const char *details;
    const char *output;
    uint64_t output_length;
    /// The blob that is the output, or 0; `output` has its bytes.
    uint64_t blob;
} batten_fake_outcome;

/// Makes a host for one plugin and reads its descriptor; what is wrong with that is told by `batten_fake_broken`.
batten_fake *batten_fake_new(batten_plugin_entry entry);

/// Does as if the host did not offer a service, such as BATTEN_SERVICE_QUOTA. Before `batten_fake_start`.
void batten_fake_hide(batten_fake *host, const char *service_id);

/// Does as if the host were newer than the plugin: a higher minor version, and every struct longer than the plugin knows.
/// Before `batten_fake_start`.
void batten_fake_future(batten_fake *host);

/// Sets the value of a secret; all others are denied.
void batten_fake_secret(batten_fake *host, const char *name, const char *value);

/// Limits a meter of the quota service: a hold beyond what is left is refused, with 60 s to wait. A meter without a
/// limit grants everything.
void batten_fake_quota(batten_fake *host, const char *meter, int64_t limit);

/// What is left of a limited meter; -1 for one without a limit.
int64_t batten_fake_quota_left(batten_fake *host, const char *meter);

/// Sets for the calls to come how long they may take; INT64_MAX, as at first, means for ever.
void batten_fake_time(batten_fake *host, int64_t nanoseconds);

/// Sets for the calls to come what an earlier attempt kept; they are then second attempts. NULL: none did.
void batten_fake_checkpoint(batten_fake *host, const char *state);

/// Sets for the calls to come whether their input is a blob (1) or bytes (0), as at first.
void batten_fake_input_blob(batten_fake *host, int is_blob);

/// Sets how many more pieces `batten.stream/1` takes before it answers BUSY; negative, as at first, means all.
void batten_fake_room(batten_fake *host, int pieces);

/// Starts the plugin with its configuration. 0: it refused, and `batten_fake_why` has its reason.
int batten_fake_start(batten_fake *host, const char *config_json);

/// Makes a call of an executor such as `hello.greet`; an instance is opened for a configuration that is new. 0: there
/// is no such executor, `open` or `begin` refused, and `batten_fake_why` says which.
batten_token batten_fake_call(batten_fake *host, const char *type, const char *config_json, const char *input_json);

/// The reason of the last refusal.
const char *batten_fake_why(batten_fake *host);

/// Asks a call to end.
void batten_fake_cancel(batten_fake *host, batten_token token, batten_stop why);

/// Turns the loop once, waiting at most so long for something to do.
void batten_fake_turn(batten_fake *host, int milliseconds);

/// Turns the loop until a call is over; NULL if it is not after so long.
const batten_fake_outcome *batten_fake_wait(batten_fake *host, batten_token token, int milliseconds);

/// Makes a call with the configuration `{}` and waits for it at most ten seconds; NULL if it did not start or end.
const batten_fake_outcome *batten_fake_run(batten_fake *host, const char *type, const char *input_json);

/// Everything that the plugin told the services, a line each: `log 1 info about to greet {}`,
/// `beat 1 0.50 half`, `checkpoint 1 …`, `stream 1 text …`, `usage 1 llm.tokens.input model 12`,
/// `hold 1 requests api 1`, `settle 1 1`, `secret 1 KEY`. The number after the word is the call's token, 0 for the
/// plugin itself.
const char *batten_fake_seen(batten_fake *host);

/// Every rule of the header that the plugin broke so far, a line each; empty if none.
const char *batten_fake_broken(batten_fake *host);

/// Ends everything: cancels calls that are in flight, closes the instances, stops the plugin, frees the host. Returns
/// how many rules were broken, and writes them to standard error.
int batten_fake_end(batten_fake *host);

#ifdef __cplusplus
}
#endif
#endif
