/* Tries the plugin against a fake host, which also holds it against the rules of the header. */
#include <batten/fake_host.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    int failed = !batten_fake_start(host, "{}");
    batten_token long_one = batten_fake_call(host, "@ID@.wait", "{}", "{\"ms\": 600000}");
    const batten_fake_outcome *end = batten_fake_run(host, "@ID@.wait", "{\"ms\": 5}");
    if (!end || strcmp(end->output, "{\"waited\": true}") != 0) {
        fprintf(stderr, "wait gave %s %s\n", end ? end->output : "nothing", batten_fake_why(host));
        failed = 1;
    }
    batten_fake_cancel(host, long_one, BATTEN_STOP_CANCELLED);
    end = batten_fake_wait(host, long_one, 1000);
    if (!end || end->outcome_class != BATTEN_CLASS_CANCELLED) {
        fprintf(stderr, "the cancelled call did not end\n");
        failed = 1;
    }
    failed += batten_fake_end(host);
    puts(failed ? "failed" : "passed");
    return failed != 0;
}
