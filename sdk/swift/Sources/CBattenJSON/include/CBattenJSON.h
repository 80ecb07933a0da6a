/* CBattenJSON: reads one JSON document into a flat tape with source positions.
 *
 * The reader follows RFC 8259 strictly: UTF-8 is checked, lone surrogates, trailing commas, comments, NaN and
 * trailing bytes are errors. Nesting costs heap, never stack. No C++ exception leaves these functions.
 *
 * The tape is an array of entries in document order. A container's entry comes before its members; `next` is the
 * index of the first entry after the value, so that a whole subtree is skipped in one step. In an object every
 * member is a KEY entry followed by the entries of its value. Duplicate keys are kept: the caller decides.
 */
#ifndef CBATTENJSON_H
#define CBATTENJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an entry is. */
enum {
    BATTEN_JSON_NULL = 0,
    BATTEN_JSON_FALSE = 1,
    BATTEN_JSON_TRUE = 2,
    BATTEN_JSON_INTEGER = 3, /* fits int64 and was written without fraction or exponent */
    BATTEN_JSON_DOUBLE = 4,  /* any other number, correctly rounded */
    BATTEN_JSON_STRING = 5,
    BATTEN_JSON_ARRAY = 6,
    BATTEN_JSON_OBJECT = 7,
    BATTEN_JSON_KEY = 8
};

/* One value or key. `start` and `end` are its byte range in the source, quotes and brackets included. */
typedef struct batten_json_entry {
    uint32_t kind;
    uint32_t next;
    uint32_t start;
    uint32_t end;
    union {
        int64_t integer; /* INTEGER; for ARRAY and OBJECT the number of elements or members */
        double number;   /* DOUBLE */
        struct {
            uint32_t offset;  /* STRING, KEY: where the UTF-8 text is, see `in_source` */
            uint32_t length;  /* its bytes; bit 31 set: decoded text in `text`, else in the source itself */
        } string;
    } value;
} batten_json_entry;

/* Set in `string.length` when the text had escapes and lies decoded in the tape's `text`. */
#define BATTEN_JSON_DECODED 0x80000000u

/* Outcome of a read. */
enum {
    BATTEN_JSON_OK = 0,
    BATTEN_JSON_SYNTAX = 1,   /* not JSON: `message` says why, `error_offset` where */
    BATTEN_JSON_ENCODING = 2, /* not UTF-8, or a lone surrogate */
    BATTEN_JSON_DEPTH = 3,    /* nested deeper than asked for */
    BATTEN_JSON_TOO_LARGE = 4, /* 2 GiB or more */
    BATTEN_JSON_MEMORY = 5     /* an allocation failed */
};

/* A document that was read, or why not. Owns its memory; give it to batten_json_free exactly once. */
typedef struct batten_json_tape {
    const batten_json_entry *entries; /* `count` entries; entry 0 is the root; NULL unless status is OK */
    const uint8_t *text;              /* `text_length` bytes of decoded strings */
    const char *message;              /* static text, NULL when status is OK */
    void *owner;
    size_t error_offset;              /* bytes from the start of the source */
    uint32_t count;
    uint32_t text_length;
    uint32_t status;
    uint32_t reserved;
} batten_json_tape;

/* Reads `length` bytes at `source` (may be NULL when length is 0), at most `max_depth` containers deep, and fills
 * `*tape` in every case. The source is borrowed during the call; entries refer to it by offset. Thread-safe. */
void batten_json_read(const uint8_t *source, size_t length, uint32_t max_depth, batten_json_tape *tape);

/* Frees what a read allocated and clears the tape. Harmless on a cleared one. */
void batten_json_free(batten_json_tape *tape);

#ifdef __cplusplus
}
#endif

#endif
