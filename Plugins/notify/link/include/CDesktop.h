#ifndef C_DESKTOP_H
#define C_DESKTOP_H

#include <stdint.h>

/* A notification for the desktop's user. Texts are UTF-8; an empty icon is none. */
typedef struct {
    const char *address; /* of the session's bus; NULL is the user's own */
    const char *application, *icon, *summary, *body;
    uint8_t urgency;      /* 0 low, 1 normal, 2 critical */
    int32_t expire;       /* milliseconds until it goes; -1 is the desktop's choice, 0 never */
    uint64_t patience;    /* microseconds that the desktop may take */
} desktop_notification;

/* What became of it. */
typedef struct {
    int error;          /* 0, or an errno value */
    int sent;           /* 1 once the message may have reached the desktop */
    uint32_t id;        /* the desktop's number of the notification */
    char name[128];     /* the bus's name of the error; empty when there is none */
    char message[512];  /* what the bus says about it */
} desktop_answer;

/* Hands a notification to org.freedesktop.Notifications on the session's bus and waits for its number. libsystemd is
 * loaded when it is first needed: ENOSYS says that it is not there. */
void desktop_notify(const desktop_notification *wanted, desktop_answer *answer);

#endif
