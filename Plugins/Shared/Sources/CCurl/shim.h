// libcurl's variadic functions under typed names, because Swift cannot call variadic C functions, and the few calls
// of libc that a transfer client needs besides.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline CURLcode batten_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode batten_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
/// libcurl copies the text, except for CURLOPT_POSTFIELDS.
static inline CURLcode batten_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode batten_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode batten_set_mime(CURL *easy, curl_mime *value) {
    return curl_easy_setopt(easy, CURLOPT_MIMEPOST, value);
}
static inline CURLcode batten_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
/// For CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION and CURLOPT_READFUNCTION, which have one shape.
static inline CURLcode batten_set_data_function(CURL *easy, CURLoption option,
                                                size_t (*function)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(easy, option, function);
}
static inline CURLcode batten_set_seek_function(CURL *easy, int (*function)(void *, curl_off_t, int)) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, function);
}
static inline CURLcode batten_set_progress_function(CURL *easy, int (*function)(void *, curl_off_t, curl_off_t,
                                                                                curl_off_t, curl_off_t)) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}
static inline CURLcode batten_set_open_socket_function(CURL *easy, curl_socket_t (*function)(void *, curlsocktype,
                                                                                             struct curl_sockaddr *)) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode batten_set_close_socket_function(CURL *easy, int (*function)(void *, curl_socket_t)) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}
/// The address libcurl wants to connect to; its length is in `addrlen`.
static inline const struct sockaddr *batten_socket_address(const struct curl_sockaddr *address) {
    return &address->addr;
}

static inline CURLcode batten_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode batten_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode batten_get_text(CURL *easy, CURLINFO info, const char **value) {
    char *text = NULL;
    CURLcode code = curl_easy_getinfo(easy, info, &text);
    *value = text;
    return code;
}
static inline CURLcode batten_get_pointer(CURL *easy, void **value) {
    char *pointer = NULL;
    CURLcode code = curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
    *value = pointer;
    return code;
}

static inline CURLMcode batten_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode batten_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode batten_multi_set_socket_function(CURLM *multi, int (*function)(CURL *, curl_socket_t, int,
                                                                                       void *, void *)) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}
static inline CURLMcode batten_multi_set_timer_function(CURLM *multi, int (*function)(CURLM *, long, void *)) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}
static inline CURLSHcode batten_share_data(CURLSH *share, curl_lock_data data) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, data);
}
static inline CURLcode batten_set_share(CURL *easy, CURLSH *share) {
    return curl_easy_setopt(easy, CURLOPT_SHARE, share);
}
/// The easy handle and the result of a CURLMSG_DONE message; the result is in a union.
static inline CURLcode batten_message_result(const CURLMsg *message) { return message->data.result; }

/// Nanoseconds of CLOCK_MONOTONIC.
static inline int64_t batten_monotonic_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
/// Whole seconds of the wall clock since 1970.
static inline int64_t batten_wall_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec;
}
/// open(2) is variadic.
static inline int batten_open(const char *path, int flags, unsigned mode) {
    return open(path, flags | O_CLOEXEC, (mode_t)mode);
}
/// rename(2), or with `keeps` a rename that fails with EEXIST where something stands already. The library function is
/// hidden behind a macro that Swift's import of libc does not set.
static inline int batten_rename(const char *from, const char *to, int keeps) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, keeps ? 1 : 0);
}
static inline int batten_errno(void) { return errno; }
/// GNU's, which <string.h> declares only with a macro that Swift's import of libc may not set; undeclared it would be
/// taken for a function with an int result, and half of the pointer lost.
extern const char *strerrordesc_np(int number);
/// What an error number means, such as `No such file or directory`.
static inline const char *batten_error_text(int number) {
    const char *text = strerrordesc_np(number);
    return text ? text : "unknown error";
}
/// The numeric form of a socket address, into `text`; 0 on success.
static inline int batten_numeric_host(const struct sockaddr *address, socklen_t length, char *text, socklen_t size) {
    return getnameinfo(address, length, text, size, NULL, 0, NI_NUMERICHOST);
}
