// Tries the plugin against a fake host, which also holds it against the rules of the header.
#include <batten/fake_host.h>

#include <iostream>
#include <string>

int main() {
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    bool passed = batten_fake_start(host, "{}");
    batten_token long_one = batten_fake_call(host, "@ID@.wait", "{}", R"({"ms": 600000})");
    auto end = batten_fake_run(host, "@ID@.wait", R"({"ms": 5})");
    if (!end || std::string(end->output) != R"({"waited":true})") {
        std::cerr << "wait gave " << (end ? end->output : batten_fake_why(host)) << "\n";
        passed = false;
    }
    batten_fake_cancel(host, long_one, BATTEN_STOP_CANCELLED);
    end = batten_fake_wait(host, long_one, 1000);
    if (!end || end->outcome_class != BATTEN_CLASS_CANCELLED) {
        std::cerr << "the cancelled call did not end\n";
        passed = false;
    }
    passed = batten_fake_end(host) == 0 && passed;
    std::cout << (passed ? "passed" : "failed") << "\n";
    return passed ? 0 : 1;
}
