// The C face of SHA-256 and ed25519 (libcrypto) and RE2.
#include "CBattenPure.h"

#include <cstdio>
#include <cstring>
#include <new>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <re2/re2.h>

struct batten_re2 {
    re2::RE2 expression;
    batten_re2(const re2::StringPiece &pattern, const re2::RE2::Options &options) : expression(pattern, options) {}
};

int batten_sha256(const void *data, size_t length, uint8_t *digest) {
    return SHA256(static_cast<const unsigned char *>(data), length, digest) != nullptr;
}

int batten_ed25519_verify(
    const char *pem, size_t pem_length, const void *data, size_t length, const uint8_t *signature) {
    if (pem_length > 65536) return -1;
    BIO *text = BIO_new_mem_buf(pem, static_cast<int>(pem_length));
    if (text == nullptr) return -1;
    EVP_PKEY *key = PEM_read_bio_PUBKEY(text, nullptr, nullptr, nullptr);
    BIO_free(text);
    int answer = -1;
    if (key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_ED25519) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        if (context != nullptr && EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1) {
            const auto *bytes = static_cast<const unsigned char *>(data);
            answer = EVP_DigestVerify(context, signature, 64, bytes, length) == 1 ? 1 : 0;
        }
        EVP_MD_CTX_free(context);
    }
    EVP_PKEY_free(key);
    return answer;
}

int batten_aes256gcm_seal(
    const uint8_t *key, const uint8_t *nonce, const void *bound, size_t bound_length, const uint8_t *plain,
    size_t length, uint8_t *sealed) {
    if (length > 1 << 30 || bound_length > 1 << 30) return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int count = 0;
    int last = 0;
    const bool done = context != nullptr
        && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key, nonce) == 1
        && EVP_EncryptUpdate(context, nullptr, &count, static_cast<const uint8_t *>(bound), static_cast<int>(bound_length)) == 1
        && EVP_EncryptUpdate(context, sealed, &count, plain, static_cast<int>(length)) == 1
        && EVP_EncryptFinal_ex(context, sealed + count, &last) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, sealed + length) == 1;
    EVP_CIPHER_CTX_free(context);
    return done ? 1 : 0;
}

int batten_aes256gcm_open(
    const uint8_t *key, const uint8_t *nonce, const void *bound, size_t bound_length, const uint8_t *sealed,
    size_t length, uint8_t *plain) {
    if (length < 16 || length > 1 << 30 || bound_length > 1 << 30) return -1;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t tag[16];
    memcpy(tag, sealed + length - 16, 16);
    int count = 0;
    int last = 0;
    const bool ready = context != nullptr
        && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key, nonce) == 1
        && EVP_DecryptUpdate(context, nullptr, &count, static_cast<const uint8_t *>(bound), static_cast<int>(bound_length)) == 1
        && EVP_DecryptUpdate(context, plain, &count, sealed, static_cast<int>(length - 16)) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, tag) == 1;
    const bool isGenuine = ready && EVP_DecryptFinal_ex(context, plain + count, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    return ready ? (isGenuine ? 1 : 0) : -1;
}

ptrdiff_t batten_find(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length) {
    const void *found = memmem(text, length, part, part_length);
    return found == nullptr ? -1 : static_cast<const uint8_t *>(found) - text;
}

batten_re2 *batten_re2_compile(
    const char *pattern, size_t length, int64_t max_memory, char *error, size_t error_capacity) {
    try {
        re2::RE2::Options options(re2::RE2::Quiet);
        options.set_max_mem(max_memory);
        batten_re2 *compiled = new batten_re2(re2::StringPiece(pattern, length), options);
        if (compiled->expression.ok()) return compiled;
        std::snprintf(error, error_capacity, "%s", compiled->expression.error().c_str());
        delete compiled;
    } catch (...) {
        std::snprintf(error, error_capacity, "there is not enough memory");
    }
    return nullptr;
}

int batten_re2_search(const batten_re2 *expression, const char *text, size_t length) {
    try {
        const re2::StringPiece piece(text, length);
        return expression->expression.Match(piece, 0, length, re2::RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
    } catch (...) {
        return -1;
    }
}

void batten_re2_free(batten_re2 *expression) { delete expression; }
