/* Loads examples, whatever their language, and takes them through what all of them promise. Arguments: the libraries. */
#include <batten/fake_host.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(int holds, const char *what, batten_fake *host) {
    if (holds) return;
    failures++;
    fprintf(stderr, "failed: %s\n%s%s\n", what, batten_fake_seen(host), batten_fake_why(host));
}

/* JSON texts are equal but for spaces. */
static int same(const char *left, const char *right) {
    for (;; left++, right++) {
        while (*left == ' ') left++;
        while (*right == ' ') right++;
        if (*left != *right) return 0;
        if (!*left) return 1;
    }
}

static int ends(const batten_fake_outcome *end, batten_class outcome_class, const char *code, const char *output) {
    int fits = end && end->outcome_class == outcome_class && strcmp(end->code, code) == 0 && same(end->output, output);
    if (end && !fits) fprintf(stderr, "%u %s %s %s\n", end->outcome_class, end->code, end->message, end->output);
    return fits;
}

static void greets(batten_fake *host) {
    expect(ends(batten_fake_run(host, "hello.greet", "{\"name\": \"Ada \\\"\\u00e9\\ud83d\\ude00\\\"\"}"),
                BATTEN_CLASS_DONE, "", "{\"greeting\": \"Hello, Ada \\\"é😀\\\"\"}"), "greets", host);
    expect(strstr(batten_fake_seen(host), "info greeting Ada") != NULL, "logs", host);
    expect(ends(batten_fake_run(host, "hello.greet", "{\"name\": \"\"}"), BATTEN_CLASS_BAD_INPUT, "hello.no_name", ""),
           "refuses nobody", host);
}

static void waits(batten_fake *host) {
    batten_token first = batten_fake_call(host, "timer.wait", "{}", "{\"ms\": 600000}");
    expect(ends(batten_fake_run(host, "timer.wait", "{\"ms\": 5}"), BATTEN_CLASS_DONE, "", "{\"waited_ms\": 5}"),
           "waits", host);
    expect(batten_fake_wait(host, first, 0) == NULL, "the other still waits", host);
    batten_fake_cancel(host, first, BATTEN_STOP_CANCELLED);
    expect(ends(batten_fake_wait(host, first, 5000), BATTEN_CLASS_CANCELLED, "call.cancelled", ""), "cancels", host);
    /* Many at once, of which half are cancelled at once and half end by themselves. */
    batten_token tokens[200];
    for (int i = 0; i < 200; i++) {
        tokens[i] = batten_fake_call(host, "timer.wait", "{}", i % 2 ? "{\"ms\": 600000}" : "{\"ms\": 1}");
        if (i % 2) batten_fake_cancel(host, tokens[i], BATTEN_STOP_CANCELLED);
    }
    for (int i = 0; i < 200; i++) {
        const batten_fake_outcome *end = batten_fake_wait(host, tokens[i], 20000);
        expect(end && end->outcome_class == (i % 2 ? BATTEN_CLASS_CANCELLED : BATTEN_CLASS_DONE), "one of many", host);
    }
    batten_fake_time(host, 1000000);
    expect(ends(batten_fake_run(host, "timer.wait", "{\"ms\": 600000}"), BATTEN_CLASS_DEADLINE, "call.deadline", ""),
           "ends at its deadline", host);
}

static void fetches(batten_fake *host) {
    expect(ends(batten_fake_run(host, "quota.fetch", "{\"pages\": 4}"), BATTEN_CLASS_DONE, "", "{\"requests\": 4}"),
           "fetches", host);
    expect(batten_fake_quota_left(host, "requests") == 6, "gives back what it did not use", host);
    expect(strstr(batten_fake_seen(host), "requests example 4") != NULL, "says what it used", host);
    const batten_fake_outcome *end = batten_fake_run(host, "quota.fetch", "{\"pages\": 4}");
    expect(ends(end, BATTEN_CLASS_QUOTA, "quota.refused", "") && end->retry_after_ns > 0, "is refused", host);
    expect(batten_fake_quota_left(host, "requests") == 6, "a refusal uses nothing", host);
}

/* With no service at all an example works, or refuses cleanly. */
static void works_alone(batten_plugin_entry entry, const char *type, const char *input) {
    static const char *const services[] = {BATTEN_SERVICE_LOG, BATTEN_SERVICE_BEAT, BATTEN_SERVICE_STREAM,
                                           BATTEN_SERVICE_USAGE, BATTEN_SERVICE_QUOTA, BATTEN_SERVICE_SECRET,
                                           BATTEN_SERVICE_BLOB, BATTEN_SERVICE_LOOP};
    batten_fake *host = batten_fake_new(entry);
    for (unsigned i = 0; i < sizeof services / sizeof services[0]; i++) batten_fake_hide(host, services[i]);
    if (batten_fake_start(host, "{}")) {
        batten_token token = batten_fake_call(host, type, "{}", input);
        expect(!token || batten_fake_wait(host, token, 10000), "ends without services", host);
        /* A host never passes on what is no JSON; a plugin that gets it nevertheless still ends the call. */
        token = batten_fake_call(host, type, "{}", "{\"name\": ");
        expect(!token || batten_fake_wait(host, token, 10000), "ends with broken input", host);
    }
    failures += batten_fake_end(host);
}

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        void *library = dlopen(paths[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        batten_plugin_entry entry = library ? (batten_plugin_entry)dlsym(library, BATTEN_PLUGIN_ENTRY_NAME) : NULL;
        if (!entry) {
            fprintf(stderr, "%s: %s\n", paths[i], dlerror());
            return 1;
        }
        batten_fake *host = batten_fake_new(entry);
        batten_fake_quota(host, "requests", 10);
        expect(batten_fake_start(host, "{}"), "start", host);
        if (strstr(paths[i], "plugin-hello")) greets(host);
        if (strstr(paths[i], "plugin-timer")) waits(host);
        if (strstr(paths[i], "plugin-quota")) fetches(host);
        failures += batten_fake_end(host);
        if (strstr(paths[i], "plugin-hello")) works_alone(entry, "hello.greet", "{\"name\": \"Ada\"}");
        if (strstr(paths[i], "plugin-timer")) works_alone(entry, "timer.wait", "{\"ms\": 1}");
        if (strstr(paths[i], "plugin-quota")) works_alone(entry, "quota.fetch", "{\"pages\": 1}");
        printf("%s %s\n", paths[i], failures ? "failed" : "passed");
    }
    return failures;
}
