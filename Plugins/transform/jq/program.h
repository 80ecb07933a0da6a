/* Compiled jq programs. */
#ifndef BATTEN_TRANSFORM_PROGRAM_H
#define BATTEN_TRANSFORM_PROGRAM_H

#include <jq.h>

/* A text that grows. `is_broken` once memory ran out. */
struct text {
    char *bytes;
    size_t length;
    size_t capacity;
    int is_broken;
};

void text_add(struct text *text, const void *bytes, size_t length);
void text_say(struct text *text, const char *words);
void text_free(struct text *text);

/* A compiled program, for one run at a time. */
struct program;

/* Finds a compiled program that is not in use, or compiles one. NULL with the reason in `why`. Compiling takes some
 * 30 ms, because libjq compiles its own definitions anew each time; that is why programs are kept. */
struct program *program_take(const char *source, size_t length, struct text *why);

/* Says what is wrong with a program as its author wrote it; `arguments`, which it takes over, has its variables. */
void program_explain(const char *source, jv arguments, struct text *why);

/* Keeps a program for the next run, or drops the one that was longest unused. */
void program_give(struct program *program);

/* Drops all programs that are kept. */
void program_drop_all(void);

jq_state *program_state(struct program *program);

#endif
