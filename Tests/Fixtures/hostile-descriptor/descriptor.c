/* Descriptors that lie, one for each value of LIE; compiled by the test. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    NONE, MANY_EXECUTORS, NULL_TABLE, NULL_ENTRY, WILD_TABLE, NO_TEXT, LONG_TYPE, OTHER_PLUGIN, BAD_SCHEMA,
    DEEP_SCHEMA, BAD_CAPABILITIES, UPWARD_PATH, BAD_MANIFEST, RESERVED, NEITHER, CONSTRUCTOR_FALLS, ENTRY_HANGS,
    ENTRY_EXITS, ENTRY_PRINTS, NULL_DESCRIPTOR, ENDLESS_OUTPUT,
};

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    (void)instance;
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    call->host->complete(call->host, call->token, &outcome);
}

static char deep[100000];

static batten_executor executor = {
    .struct_size = sizeof(batten_executor), .type = "subject.go", .run = LIE == NEITHER ? NULL : run,
    .reserved0 = LIE == RESERVED,
    .output_schema = LIE == BAD_SCHEMA ? "{\"type\": \"nonsense\"}" : LIE == DEEP_SCHEMA ? deep : NULL,
    .capabilities = LIE == BAD_CAPABILITIES ? "{\"network\": {\"tcp_ports\": [70000]}}"
                    : LIE == UPWARD_PATH    ? "{\"paths\": {\"read\": [\"/tmp/../etc\"]}}"
                                            : NULL,
    .title = LIE == NO_TEXT ? "\xff\xfe" : NULL,
};
static const batten_executor *table[] = {LIE == NULL_ENTRY ? NULL : &executor};

static batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin), .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = LIE == MANY_EXECUTORS ? 4000000000u : LIE == WILD_TABLE ? 1000 : 1,
    .id = LIE == OTHER_PLUGIN ? "another" : "subject", .version = "1.0.0",
    .executors = LIE == NULL_TABLE ? NULL : table,
    .manifest_json = LIE == BAD_MANIFEST ? "[1, 2" : NULL,
};

__attribute__((constructor)) static void construct(void) {
    if (LIE == CONSTRUCTOR_FALLS) raise(SIGSEGV);
}

BATTEN_EXPORT const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    static char type[5000];
    (void)hello;
    if (LIE == LONG_TYPE) {
        int length = snprintf(type, sizeof type, "subject.");
        while (length < 4999) type[length++] = 'a';
        executor.type = type;
    }
    if (LIE == DEEP_SCHEMA) {
        for (unsigned i = 0; i < sizeof deep - 1; i++) deep[i] = '[';
    }
    if (LIE == WILD_TABLE) plugin.executors = (const batten_executor *const *)(uintptr_t)4096;
    if (LIE == ENTRY_EXITS) exit(0);
    if (LIE == ENTRY_HANGS) {
        for (;;) pause();
    }
    if (LIE == ENTRY_PRINTS) {
        printf("{\"format\": 1, \"id\": \"forged\"}\n");
        fflush(stdout);
    }
    if (LIE == ENDLESS_OUTPUT) {
        for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    return LIE == NULL_DESCRIPTOR ? NULL : &plugin;
}
