/* Looks at the words of a jq program. */
#ifndef BATTEN_TRANSFORM_SCAN_H
#define BATTEN_TRANSFORM_SCAN_H

#include <stddef.h>

/* What is wrong with a program, for people; `word` is a part of the program, `reason` static text. */
struct scan_fault {
    const char *word;
    size_t length;
    size_t line;
    const char *reason;
};

/* Checks that a program uses nothing of its surroundings and that its brackets and strings are closed. Comments, the
 * text of strings, names of fields and keys of objects are no words. Returns 1 if it is fine. */
int scan_program(const char *program, size_t length, struct scan_fault *fault);

/* Whether a program has a word at all. */
int scan_is_blank(const char *program, size_t length);

/* Whether `$name` is a variable that a program may use. */
int scan_is_name(const char *name, size_t length);

#endif
