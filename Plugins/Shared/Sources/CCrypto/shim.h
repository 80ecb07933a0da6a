// libcrypto's one-shot and incremental SHA-256 and HMAC, under names without macros.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stddef.h>

/// A new SHA-256 computation, or NULL when memory is short.
static inline EVP_MD_CTX *batten_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

/// HMAC-SHA256 of `length` bytes into 32 bytes; 1 on success. EVP_sha256 is a function with a const result that Swift
/// cannot pass on without a cast.
static inline int batten_hmac_sha256(const void *key, int key_length, const unsigned char *bytes, size_t length,
                                     unsigned char *digest) {
    unsigned int size = 0;
    return HMAC(EVP_sha256(), key, key_length, bytes, length, digest, &size) != NULL && size == 32;
}
