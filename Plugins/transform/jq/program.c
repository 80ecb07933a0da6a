#include "program.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 16 };

struct program {
    struct program *next;
    jq_state *state;
    size_t length;
    char source[];
};

/* Programs that are not in use, the last used first. */
static struct program *kept;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void text_add(struct text *text, const void *bytes, size_t length) {
    if (text->is_broken) return;
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity ? text->capacity : 256;
        while (capacity - text->length < length) capacity *= 2;
        char *larger = realloc(text->bytes, capacity);
        if (!larger) {
            text->is_broken = 1;
            return;
        }
        text->bytes = larger;
        text->capacity = capacity;
    }
    if (length > 0) memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void text_say(struct text *text, const char *words) {
    text_add(text, words, strlen(words));
}

void text_free(struct text *text) {
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

/* Collects what jq says of a program. Of each message the first line counts; then it repeats the program. */
static void collect(void *data, jv message) {
    struct text *why = data;
    if (why && jv_get_kind(message) == JV_KIND_STRING) {
        const char *words = jv_string_value(message);
        const char *prefix = "jq: error: ";
        if (strncmp(words, prefix, strlen(prefix)) == 0) {
            words += strlen(prefix);
            if (why->length > 0) text_say(why, "; ");
            size_t length = strcspn(words, "\n");
            const char *aside = strstr(words, " (Unix shell quoting issues?)");
            if (aside && aside < words + length) {
                text_add(why, words, (size_t)(aside - words));
                length -= (size_t)(aside - words) + strlen(" (Unix shell quoting issues?)");
                words = aside + strlen(" (Unix shell quoting issues?)");
            }
            text_add(why, words, length);
            while (why->length > 0 && why->bytes[why->length - 1] == ':') why->length--;
        }
    }
    jv_free(message);
}

static void drop(struct program *program) {
    jq_teardown(&program->state);
    free(program);
}

struct program *program_take(const char *source, size_t length, struct text *why) {
    pthread_mutex_lock(&mutex);
    for (struct program **place = &kept; *place; place = &(*place)->next) {
        struct program *program = *place;
        if (program->length != length || memcmp(program->source, source, length) != 0) continue;
        *place = program->next;
        pthread_mutex_unlock(&mutex);
        return program;
    }
    pthread_mutex_unlock(&mutex);

    struct program *program = malloc(sizeof *program + length + 1);
    if (!program || !(program->state = jq_init())) {
        free(program);
        text_say(why, "there is no memory left");
        return NULL;
    }
    memcpy(program->source, source, length);
    program->source[length] = 0;
    program->length = length;
    jq_set_error_cb(program->state, collect, why);
    int is_compiled = jq_compile(program->state, program->source);
    jq_set_error_cb(program->state, collect, NULL);
    if (is_compiled) return program;
    if (why->length == 0) text_say(why, "jq does not accept it");
    drop(program);
    return NULL;
}

void program_explain(const char *source, jv arguments, struct text *why) {
    jq_state *state = jq_init();
    if (!state) {
        jv_free(arguments);
        return;
    }
    struct text own = {0};
    jq_set_error_cb(state, collect, &own);
    if (!jq_compile_args(state, source, arguments) && own.length > 0) {
        why->length = 0;
        text_add(why, own.bytes, own.length);
    }
    text_free(&own);
    jq_teardown(&state);
}

void program_give(struct program *program) {
    /* Lets go of what the last run held. */
    jq_start(program->state, jv_null(), 0);
    struct program *dropped = NULL;
    pthread_mutex_lock(&mutex);
    program->next = kept;
    kept = program;
    size_t count = 0;
    for (struct program **place = &kept; *place; place = &(*place)->next)
        if (++count > KEPT) {
            dropped = *place;
            *place = NULL;
            break;
        }
    pthread_mutex_unlock(&mutex);
    if (dropped) drop(dropped);
}

void program_drop_all(void) {
    pthread_mutex_lock(&mutex);
    struct program *list = kept;
    kept = NULL;
    pthread_mutex_unlock(&mutex);
    while (list) {
        struct program *next = list->next;
        drop(list);
        list = next;
    }
}

jq_state *program_state(struct program *program) {
    return program->state;
}
