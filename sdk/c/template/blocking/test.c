/* Tries the plugin against a fake host, which also holds it against the rules of the header. */
#include <batten/fake_host.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    int failed = !batten_fake_start(host, "{}");
    const batten_fake_outcome *end = batten_fake_run(host, "@ID@.greet", "{\"name\": \"Ada\"}");
    if (!end || strcmp(end->output, "{\"greeting\": \"Hello, Ada\"}") != 0) {
        fprintf(stderr, "greet gave %s %s\n", end ? end->output : "nothing", batten_fake_why(host));
        failed = 1;
    }
    failed += batten_fake_end(host);
    puts(failed ? "failed" : "passed");
    return failed != 0;
}
