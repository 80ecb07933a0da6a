/* A unit test of the examples: one program for each plugin, made with -DHELLO, -DTIMER or -DQUOTA. */
#include <batten/fake_host.h>

#include <stdio.h>
#include <string.h>

static int failures;

static void expect(int holds, const char *what, batten_fake *host) {
    if (holds) return;
    failures++;
    fprintf(stderr, "failed: %s\n%s%s\n", what, batten_fake_seen(host), batten_fake_why(host));
}

static int ends(const batten_fake_outcome *end, batten_class outcome_class, const char *code, const char *output) {
    return end && end->outcome_class == outcome_class && strcmp(end->code, code) == 0
        && strcmp(end->output, output) == 0;
}

int main(void) {
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    batten_fake_quota(host, "requests", 10);
    expect(batten_fake_start(host, "{}"), "start", host);
#ifdef HELLO
    expect(ends(batten_fake_run(host, "hello.greet", "{\"name\": \"Ada \\\"\\u00e9\\\"\"}"), BATTEN_CLASS_DONE, "",
                "{\"greeting\": \"Hello, Ada \\\"é\\\"\"}"), "greets", host);
    expect(strstr(batten_fake_seen(host), "info greeting Ada") != NULL, "logs", host);
    expect(ends(batten_fake_run(host, "hello.greet", "{\"name\": \"\"}"), BATTEN_CLASS_BAD_INPUT, "hello.no_name", ""),
           "refuses nobody", host);
#endif
#ifdef TIMER
    batten_token first = batten_fake_call(host, "timer.wait", "{}", "{\"ms\": 600000}");
    expect(ends(batten_fake_run(host, "timer.wait", "{\"ms\": 5}"), BATTEN_CLASS_DONE, "", "{\"waited_ms\": 5}"),
           "waits", host);
    expect(batten_fake_wait(host, first, 0) == NULL, "the other still waits", host);
    batten_fake_cancel(host, first, BATTEN_STOP_CANCELLED);
    expect(ends(batten_fake_wait(host, first, 1000), BATTEN_CLASS_CANCELLED, "call.cancelled", ""), "cancels", host);
    batten_fake_time(host, 1000000);
    expect(ends(batten_fake_run(host, "timer.wait", "{\"ms\": 600000}"), BATTEN_CLASS_DEADLINE, "call.deadline", ""),
           "ends at its deadline", host);
#endif
#ifdef QUOTA
    expect(ends(batten_fake_run(host, "quota.fetch", "{\"pages\": 4}"), BATTEN_CLASS_DONE, "", "{\"requests\": 4}"),
           "fetches", host);
    expect(batten_fake_quota_left(host, "requests") == 6, "gives back what it did not use", host);
    const batten_fake_outcome *end = batten_fake_run(host, "quota.fetch", "{\"pages\": 4}");
    expect(ends(end, BATTEN_CLASS_QUOTA, "quota.refused", "") && end->retry_after_ns > 0, "is refused", host);
#endif
    return batten_fake_end(host) + failures;
}
