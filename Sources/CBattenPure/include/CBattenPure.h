/* CBattenPure: functions without I/O from C and C++ libraries behind a C face. No C++ exception leaves them. */
#ifndef CBATTENPURE_H
#define CBATTENPURE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the 32 bytes of the SHA-256 of `length` bytes at `data` to `digest`. Returns 0 when the library refused. */
int batten_sha256(const void *data, size_t length, uint8_t *digest);

/* Whether `signature` (64 bytes) is that of `length` bytes at `data` under an ed25519 public key in PEM. Returns 1 when it
 * is, 0 when it is not, -1 when the key cannot be read or is of another kind. */
int batten_ed25519_verify(const char *pem, size_t pem_length, const void *data, size_t length, const uint8_t *signature);

/* Encrypts `length` bytes at `plain` with AES-256-GCM: `length` + 16 bytes, the tag last, go to `sealed`. The key has 32
 * bytes, the nonce 12 and is never used twice with one key; `bound` is authenticated and not stored. Returns 0 when the
 * library refused. */
int batten_aes256gcm_seal(
    const uint8_t *key, const uint8_t *nonce, const void *bound, size_t bound_length, const uint8_t *plain,
    size_t length, uint8_t *sealed);

/* Decrypts what batten_aes256gcm_seal wrote: `length` counts the tag, `length` - 16 bytes go to `plain`. Returns 1, 0
 * when the bytes were not sealed with this key, nonce and `bound`, -1 when the library refused. */
int batten_aes256gcm_open(
    const uint8_t *key, const uint8_t *nonce, const void *bound, size_t bound_length, const uint8_t *sealed,
    size_t length, uint8_t *plain);

/* Where `part` first stands in `text`, in bytes, or -1. Linear time. */
ptrdiff_t batten_find(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length);

/* A compiled RE2 expression: UTF-8, linear time. Immutable, so that any thread may use it. */
typedef struct batten_re2 batten_re2;

/* Compiles `length` bytes of RE2 syntax with at most `max_memory` bytes. Returns NULL when it does not compile, with
 * the reason, cut to fit and closed with a zero, in `error` of `error_capacity` bytes. */
batten_re2 *batten_re2_compile(
    const char *pattern, size_t length, int64_t max_memory, char *error, size_t error_capacity);

/* 1 when the expression matches anywhere in the text, 0 when it does not, -1 when it ran out of memory. */
int batten_re2_search(const batten_re2 *expression, const char *text, size_t length);

/* Frees a compiled expression; NULL is harmless. */
void batten_re2_free(batten_re2 *expression);

#ifdef __cplusplus
}
#endif

#endif
