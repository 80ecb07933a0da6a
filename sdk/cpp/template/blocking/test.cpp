// Tries the plugin against a fake host, which also holds it against the rules of the header.
#include <batten/fake_host.h>

#include <iostream>
#include <string>

int main() {
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    bool passed = batten_fake_start(host, "{}");
    auto end = batten_fake_run(host, "@ID@.greet", R"({"name": "Ada"})");
    if (!end || std::string(end->output) != R"({"greeting":"Hello, Ada"})") {
        std::cerr << "greet gave " << (end ? end->output : batten_fake_why(host)) << "\n";
        passed = false;
    }
    passed = batten_fake_end(host) == 0 && passed;
    std::cout << (passed ? "passed" : "failed") << "\n";
    return passed ? 0 : 1;
}
