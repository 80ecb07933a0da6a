#include "CDesktop.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What is used of sd-bus(3), by its manual: a machine without a desktop need not have it, so nothing links to it. */
typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct {
    const char *name;
    const char *message;
    int need_free;
} sd_bus_error;

static struct {
    int (*new_bus)(sd_bus **);
    int (*set_address)(sd_bus *, const char *);
    int (*set_client)(sd_bus *, int);
    int (*start)(sd_bus *);
    int (*open_user)(sd_bus **);
    int (*set_timeout)(sd_bus *, uint64_t);
    int (*call)(sd_bus *, const char *, const char *, const char *, const char *, sd_bus_error *, sd_bus_message **,
        const char *, ...);
    int (*read)(sd_bus_message *, const char *, ...);
    sd_bus_message *(*unref_message)(sd_bus_message *);
    void (*free_error)(sd_bus_error *);
    sd_bus *(*close)(sd_bus *);
    int is_there;
} bus;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    int found = 0;
#define FIND(field, name) found += (*(void **)&bus.field = dlsym(library, name)) != NULL
    FIND(new_bus, "sd_bus_new");
    FIND(set_address, "sd_bus_set_address");
    FIND(set_client, "sd_bus_set_bus_client");
    FIND(start, "sd_bus_start");
    FIND(open_user, "sd_bus_open_user");
    FIND(set_timeout, "sd_bus_set_method_call_timeout");
    FIND(call, "sd_bus_call_method");
    FIND(read, "sd_bus_message_read");
    FIND(unref_message, "sd_bus_message_unref");
    FIND(free_error, "sd_bus_error_free");
    FIND(close, "sd_bus_flush_close_unref");
#undef FIND
    bus.is_there = found == 11;
}

static int open_bus(const char *address, sd_bus **opened) {
    if (!address) return bus.open_user(opened);
    sd_bus *made = NULL;
    int result = bus.new_bus(&made);
    if (result < 0) return result;
    if ((result = bus.set_address(made, address)) < 0 || (result = bus.set_client(made, 1)) < 0 ||
        (result = bus.start(made)) < 0) {
        bus.close(made);
        return result;
    }
    *opened = made;
    return 0;
}

void desktop_notify(const desktop_notification *wanted, desktop_answer *answer) {
    memset(answer, 0, sizeof *answer);
    pthread_once(&once, load);
    if (!bus.is_there) {
        answer->error = ENOSYS;
        return;
    }
    sd_bus *session = NULL;
    int result = open_bus(wanted->address, &session);
    if (result < 0) {
        answer->error = -result;
        return;
    }
    bus.set_timeout(session, wanted->patience);
    sd_bus_error error = {NULL, NULL, 0};
    sd_bus_message *reply = NULL;
    answer->sent = 1;
    result = bus.call(session, "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
        "org.freedesktop.Notifications", "Notify", &error, &reply, "susssasa{sv}i", wanted->application, (uint32_t)0,
        wanted->icon, wanted->summary, wanted->body, 0, 1, "urgency", "y", (int)wanted->urgency, wanted->expire);
    if (result >= 0) result = bus.read(reply, "u", &answer->id);
    if (result < 0) {
        answer->error = -result;
        snprintf(answer->name, sizeof answer->name, "%s", error.name ? error.name : "");
        snprintf(answer->message, sizeof answer->message, "%s", error.message ? error.message : "");
    }
    bus.free_error(&error);
    if (reply) bus.unref_message(reply);
    bus.close(session);
}
