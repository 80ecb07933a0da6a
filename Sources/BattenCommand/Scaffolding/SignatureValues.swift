/// The header `values.h` of plugins that are made from a signature.
enum SignatureValues {
    static let header = #"""
        /* Reads arguments out of a call's input and writes values into its output. */
        #ifndef VALUES_H
        #define VALUES_H

        #include <batten/easy.h>

        #include <math.h>

        /* Completes a call with the JSON that `body` writes to `out`; a long one is written twice, to see its length. */
        #define BATTEN_ANSWER(host, token, body)                                                                           \
            do {                                                                                                           \
                char small_[1024], *text_ = small_;                                                                        \
                batten_json_out out = batten_json_into(text_, sizeof small_);                                              \
                body;                                                                                                      \
                if (out.length > sizeof small_) {                                                                          \
                    text_ = (char *)malloc((size_t)out.length);                                                            \
                    out = batten_json_into(text_, text_ ? out.length : 0);                                                 \
                    body;                                                                                                  \
                }                                                                                                          \
                if (text_)                                                                                                 \
                    batten_done(host, token, BATTEN_EFFECT_MADE, batten_json_done(&out));                                  \
                else                                                                                                       \
                    batten_fail(host, token, BATTEN_CLASS_FAILED, BATTEN_EFFECT_MADE, "call.memory",                       \
                                "there is no memory for the output", -1);                                                  \
                if (text_ != small_) free(text_);                                                                          \
            } while (0)

        /* Each of these gives 0 if the member is missing or something else. */
        static inline int batten_get_integer(const batten_call *call, const char *name, int64_t least, int64_t most,
                                             int64_t *number) {
            batten_span value;
            return batten_json_member(call->input.bytes, name, &value) && batten_json_integer(value, number) &&
                   *number >= least && *number <= most;
        }

        static inline int batten_get_unsigned(const batten_call *call, const char *name, uint64_t *number) {
            batten_span value;
            char text[32];
            int64_t whole;
            uint64_t sum = 0;
            if (!batten_json_member(call->input.bytes, name, &value)) return 0;
            if (batten_json_integer(value, &whole)) {
                *number = (uint64_t)whole;
                return whole >= 0;
            }
            whole = batten_json_string(value, text, sizeof text);
            if (whole < 1 || whole > 20) return 0;
            for (const char *digit = text; *digit; digit++) {
                if (*digit < '0' || *digit > '9' || sum > (UINT64_MAX - (uint64_t)(*digit - '0')) / 10) return 0;
                sum = sum * 10 + (uint64_t)(*digit - '0');
            }
            *number = sum;
            return 1;
        }

        static inline int batten_get_bool(const batten_call *call, const char *name, int *flag) {
            batten_span value;
            if (!batten_json_member(call->input.bytes, name, &value)) return 0;
            *flag = batten_json_true(value);
            return *flag || (value.len == 5 && memcmp(value.ptr, "false", 5) == 0);
        }

        static inline int batten_get_number(const batten_call *call, const char *name, double *number) {
            batten_span value;
            char text[8];
            if (!batten_json_member(call->input.bytes, name, &value)) return 0;
            if (batten_json_number(value, number)) return 1;
            if (batten_json_string(value, text, sizeof text) < 0) return 0;
            *number = strcmp(text, "nan") == 0 ? NAN : strcmp(text, "-inf") == 0 ? -INFINITY : INFINITY;
            return strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0;
        }

        /* Gives a copy that the caller frees; NULL for null. Text with a NUL inside is refused, unless `bytes`. */
        static inline int batten_get_text(const batten_call *call, const char *name, int bytes, char **text,
                                          size_t *length) {
            batten_span value;
            if (!batten_json_member(call->input.bytes, name, &value)) return 0;
            if (value.len == 4 && memcmp(value.ptr, "null", 4) == 0) return 1;
            *text = (char *)malloc((size_t)value.len + 1);
            if (!*text) return 0;
            int64_t count = batten_json_string(value, *text, value.len + 1);
            if (count < 0 || (!bytes && memchr(*text, 0, (size_t)count))) return 0;
            *length = (size_t)count;
            return 1;
        }

        static inline void batten_put_unsigned(batten_json_out *out, uint64_t number) {
            char text[32];
            snprintf(text, sizeof text, number > INT64_MAX ? "\"%llu\"" : "%llu", (unsigned long long)number);
            batten_json_raw(out, text);
        }

        static inline void batten_put_number(batten_json_out *out, double number) {
            char text[40];
            snprintf(text, sizeof text, "%.17g", number);
            if (isfinite(number)) batten_json_raw(out, text);
            else batten_json_raw(out, isnan(number) ? "\"nan\"" : number > 0 ? "\"inf\"" : "\"-inf\"");
        }

        /* How many bytes at the beginning of a text are one character in UTF-8; 0 if they are none. */
        static inline size_t batten_character(const unsigned char *text, size_t length) {
            size_t count = *text < 0x80 ? 1 : *text < 0xC2 ? 0 : *text < 0xE0 ? 2 : *text < 0xF0 ? 3 : *text < 0xF5 ? 4 : 0;
            if (count == 0 || count > length) return 0;
            for (size_t i = 1; i < count; i++)
                if ((text[i] & 0xC0) != 0x80) return 0;
            if ((*text == 0xE0 && text[1] < 0xA0) || (*text == 0xED && text[1] > 0x9F)) return 0;
            if ((*text == 0xF0 && text[1] < 0x90) || (*text == 0xF4 && text[1] > 0x8F)) return 0;
            return count;
        }

        /* Writes text as a JSON string, with what is not UTF-8 replaced; NULL as null. */
        static inline void batten_put_text(batten_json_out *out, const char *text, size_t length) {
            char escape[8];
            if (!text) {
                batten_json_raw(out, "null");
                return;
            }
            batten_json_byte(out, '"');
            while (length > 0) {
                unsigned char byte = (unsigned char)*text;
                size_t count = batten_character((const unsigned char *)text, length);
                if (count == 0) {
                    batten_json_raw(out, "\\ufffd");
                    count = 1;
                } else if (byte < 0x20) {
                    snprintf(escape, sizeof escape, "\\u%04x", (unsigned)byte);
                    batten_json_raw(out, escape);
                } else {
                    if (byte == '"' || byte == '\\') batten_json_byte(out, '\\');
                    for (size_t i = 0; i < count; i++) batten_json_byte(out, text[i]);
                }
                text += count;
                length -= count;
            }
            batten_json_byte(out, '"');
        }

        static inline void batten_put_hex(batten_json_out *out, const char *bytes, size_t length) {
            static const char digits[] = "0123456789abcdef";
            batten_json_byte(out, '"');
            for (size_t i = 0; i < length; i++) {
                batten_json_byte(out, digits[(unsigned char)bytes[i] >> 4]);
                batten_json_byte(out, digits[bytes[i] & 15]);
            }
            batten_json_byte(out, '"');
        }

        /* How much of a buffer a function says that it used. */
        static inline size_t batten_used(int64_t said, size_t room) {
            return said < 0 ? 0 : (uint64_t)said > room ? room : (size_t)said;
        }

        #endif

        """#
}
