#include "CFiles.h"

#include <openssl/evp.h>

void *cfiles_digest(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

void cfiles_digest_add(void *digest, const void *bytes, size_t length) {
    if (digest && length > 0) EVP_DigestUpdate(digest, bytes, length);
}

int cfiles_digest_end(void *digest, uint8_t *bytes) {
    unsigned length = 0;
    int done = digest && EVP_DigestFinal_ex(digest, bytes, &length) == 1 && length == 32;
    EVP_MD_CTX_free(digest);
    return done;
}
