/// A little JSON for plugins in C: looks into an input, writes an output. It allocates nothing.
///
/// The host has checked the input against the executor's schema, so a plugin asks for what it declared. Whatever the
/// bytes are, these functions stay within them and give up where they are no JSON.
///
///     char name[64] = "world", text[256];
///     batten_span value;
///     if (batten_json_member(call->input.bytes, "name", &value)) batten_json_string(value, name, sizeof name);
///     batten_json_out out = batten_json_into(text, sizeof text);
///     batten_json_raw(&out, "{\"greeting\": ");
///     batten_json_text(&out, name);
///     batten_json_raw(&out, "}");
#ifndef BATTEN_JSON_H
#define BATTEN_JSON_H

#include <batten/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Reading

static inline void batten_json_skip_space(batten_span *text) {
    while (text->len > 0 && (*text->ptr == ' ' || *text->ptr == '\t' || *text->ptr == '\n' || *text->ptr == '\r')) {
        text->ptr++;
        text->len--;
    }
}

/// Takes the first value off a text: `*value` becomes its bytes. Returns 0 if there is none.
static inline int batten_json_take(batten_span *text, batten_span *value) {
    uint64_t used = 0, depth = 0;
    int quoted = 0;
    batten_json_skip_space(text);
    for (; used < text->len; used++) {
        uint8_t byte = text->ptr[used];
        if (quoted) {
            if (byte == '\\') used++;
            else if (byte == '"') quoted = 0;
            if (quoted || depth > 0) continue;
            used++;
            break;
        }
        if (byte == '"') {
            if (depth == 0 && used > 0) break;
            quoted = 1;
        } else if (byte == '{' || byte == '[') {
            if (depth == 0 && used > 0) break;
            depth++;
        } else if (byte == '}' || byte == ']') {
            if (depth == 0) break;
            if (--depth == 0) { used++; break; }
        } else if (depth == 0 && (byte == ',' || byte == ':' || byte <= ' ')) {
            break;
        }
    }
    if (quoted || depth > 0 || used == 0 || used > text->len) return 0;
    value->ptr = text->ptr;
    value->len = used;
    text->ptr += used;
    text->len -= used;
    return 1;
}

/// Takes the next element off the inside of an array. Begin with a copy of the array itself. Returns 0 at its end.
static inline int batten_json_next(batten_span *rest, batten_span *element) {
    batten_json_skip_space(rest);
    if (rest->len == 0 || (*rest->ptr != '[' && *rest->ptr != ',')) return 0;
    rest->ptr++;
    rest->len--;
    return batten_json_take(rest, element);
}

/// Decodes a string into a buffer, always with a NUL at its end. Returns the length in bytes that the whole string has
/// in UTF-8, which may be more than fits, or -1 if the value is no string.
static inline int64_t batten_json_string(batten_span value, char *into, uint64_t capacity) {
    uint64_t length = 0, written = 0;
    if (capacity > 0) into[0] = 0;
    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"') return -1;
    for (uint64_t i = 1; i < value.len - 1; i++) {
        uint32_t code = value.ptr[i];
        uint8_t bytes[4];
        int count = 1;
        if (code != '\\') {
            bytes[0] = (uint8_t)code;
        } else {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            const char *found;
            uint32_t high = 0;
            if (++i >= value.len - 1) return -1;
            found = value.ptr[i] ? strchr(from, value.ptr[i]) : NULL;
            bytes[0] = found ? (uint8_t)to[found - from] : 0;
            while (!found) {
                char digits[5] = {0}, *end;
                if (value.ptr[i] != 'u' || i + 4 >= value.len - 1) return -1;
                memcpy(digits, value.ptr + i + 1, 4);
                code = (uint32_t)strtoul(digits, &end, 16);
                if (end != digits + 4) return -1;
                i += 4;
                if (high) code = code >= 0xDC00 && code < 0xE000 ? 0x10000 + (high << 10) + (code - 0xDC00) : 0xFFFD;
                else if (code >= 0xD800 && code < 0xDC00) {
                    if (i + 2 >= value.len - 1 || value.ptr[i + 1] != '\\') return -1;
                    // The bit above a half tells a half of zero from none; the shift above drops it.
                    high = (code - 0xD800) | 1u << 22;
                    i += 2;
                    continue;
                }
                else if (code >= 0xDC00 && code < 0xE000) code = 0xFFFD;
                count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
                for (int b = count - 1; b > 0; b--, code >>= 6) bytes[b] = (uint8_t)(0x80 | (code & 0x3F));
                bytes[0] = (uint8_t)(count == 1 ? code : (0xF00u >> count & 0xFF) | code);
                break;
            }
        }
        length += (uint64_t)count;
        if (length + 1 <= capacity) {
            memcpy(into + written, bytes, (size_t)count);
            written = length;
            into[written] = 0;
        }
    }
    return (int64_t)length;
}

/// Finds a member of an object by its name, which is shorter than 256 bytes. Returns 0 if there is none.
static inline int batten_json_member(batten_span object, const char *name, batten_span *value) {
    batten_json_skip_space(&object);
    if (object.len == 0 || *object.ptr != '{') return 0;
    for (;;) {
        batten_span key, found;
        char text[256];
        object.ptr++;
        object.len--;
        if (!batten_json_take(&object, &key)) return 0;
        batten_json_skip_space(&object);
        if (object.len == 0 || *object.ptr != ':') return 0;
        object.ptr++;
        object.len--;
        if (!batten_json_take(&object, &found)) return 0;
        if (batten_json_string(key, text, sizeof text) == (int64_t)strlen(name) && strcmp(text, name) == 0) {
            *value = found;
            return 1;
        }
        batten_json_skip_space(&object);
        if (object.len == 0 || *object.ptr != ',') return 0;
    }
}

/// Reads a number. Returns 0 if the value is none.
static inline int batten_json_number(batten_span value, double *number) {
    char text[64], *end;
    if (value.len == 0 || value.len >= sizeof text) return 0;
    if (*value.ptr != '-' && (*value.ptr < '0' || *value.ptr > '9')) return 0;
    memcpy(text, value.ptr, (size_t)value.len);
    text[value.len] = 0;
    *number = strtod(text, &end);
    return *end == 0;
}

/// Reads an integer of 64 bits. Returns 0 if the value is none: a fraction, too large, no number.
static inline int batten_json_integer(batten_span value, int64_t *number) {
    uint64_t limit = INT64_MAX, sum = 0, i = 0;
    int negative = value.len > 0 && *value.ptr == '-';
    if (negative) { i++; limit++; }
    if (i >= value.len) return 0;
    for (; i < value.len; i++) {
        uint64_t digit = (uint64_t)value.ptr[i] - '0';
        if (digit > 9 || sum > (limit - digit) / 10) return 0;
        sum = sum * 10 + digit;
    }
    *number = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return 1;
}

/// True for the value `true`.
static inline int batten_json_true(batten_span value) { return value.len == 4 && memcmp(value.ptr, "true", 4) == 0; }

// ---------------------------------------------------------------------------------------------------------------------
// Writing

/// A text that is being written into a buffer.
typedef struct batten_json_out {
    char *ptr;
    uint64_t capacity;
    /// How long the text is, whether or not it fits.
    uint64_t length;
} batten_json_out;

static inline batten_json_out batten_json_into(char *buffer, uint64_t capacity) {
    batten_json_out out;
    out.ptr = buffer;
    out.capacity = capacity;
    out.length = 0;
    return out;
}

static inline void batten_json_byte(batten_json_out *out, char byte) {
    if (out->length < out->capacity) out->ptr[out->length] = byte;
    out->length++;
}

/// Writes text as it is.
static inline void batten_json_raw(batten_json_out *out, const char *text) {
    while (*text) batten_json_byte(out, *text++);
}

/// Writes a string value: quoted, with escapes. The text is UTF-8.
static inline void batten_json_text(batten_json_out *out, const char *text) {
    char escape[8];
    batten_json_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') batten_json_byte(out, '\\');
        if ((unsigned char)*text >= 0x20) {
            batten_json_byte(out, *text);
        } else {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
            batten_json_raw(out, escape);
        }
    }
    batten_json_byte(out, '"');
}

/// Writes an integer.
static inline void batten_json_put(batten_json_out *out, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    batten_json_raw(out, text);
}

/// The text so far; empty if it did not fit, which a host then sees as `null`.
static inline batten_span batten_json_done(const batten_json_out *out) {
    batten_span span;
    span.ptr = (const uint8_t *)out->ptr;
    span.len = out->length <= out->capacity ? out->length : 0;
    return span;
}

#ifdef __cplusplus
}
#endif
#endif
