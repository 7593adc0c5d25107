#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdint.h>

// libcurl's setters and getters are variadic, which Swift can't call: one typed function per kind of
// argument. The parentheses step round the type-checking macros of the same names.

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// The bytes are not copied: they must outlive the handle's next reset or its cleanup.
static inline CURLcode ccurl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_NOCOPY};
    return (curl_easy_setopt)(handle, option, &blob);
}

typedef size_t (*ccurl_receiver)(char *bytes, size_t size, size_t count, void *context);

/// For the options that take a receiver of bytes: CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION.
static inline CURLcode ccurl_set_receiver(CURL *handle, CURLoption option, ccurl_receiver receiver) {
    return (curl_easy_setopt)(handle, option, receiver);
}

static inline CURLcode ccurl_set_prerequest(CURL *handle, curl_prereq_callback callback) {
    return (curl_easy_setopt)(handle, CURLOPT_PREREQFUNCTION, callback);
}

static inline CURLcode ccurl_set_observer(CURL *handle, curl_debug_callback callback) {
    return (curl_easy_setopt)(handle, CURLOPT_DEBUGFUNCTION, callback);
}

// The time by which OpenSSL judges the dates of the server's certificates. libcurl hands out the SSL_CTX of each
// connection that it makes, and a pointer of ours, which holds the time itself.

static inline CURLcode ccurl_put_time(CURL *handle, void *context, void *time) {
    (void)handle;
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param((SSL_CTX *)context), (time_t)(intptr_t)time);
    return CURLE_OK;
}

static inline CURLcode ccurl_leave_time_out(CURL *handle, void *context, void *unused) {
    (void)handle;
    (void)unused;
    return X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param((SSL_CTX *)context), X509_V_FLAG_NO_CHECK_TIME) == 1
        ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

static inline CURLcode ccurl_verify_at(CURL *handle, int64_t seconds) {
    CURLcode result = (curl_easy_setopt)(handle, CURLOPT_SSL_CTX_DATA, (void *)(intptr_t)seconds);
    if (result != CURLE_OK) return result;
    return (curl_easy_setopt)(handle, CURLOPT_SSL_CTX_FUNCTION, ccurl_put_time);
}

static inline CURLcode ccurl_verify_without_time(CURL *handle) {
    return (curl_easy_setopt)(handle, CURLOPT_SSL_CTX_FUNCTION, ccurl_leave_time_out);
}

static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode ccurl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode ccurl_get_string(CURL *handle, CURLINFO info, const char **value) {
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode ccurl_get_socket(CURL *handle, curl_socket_t *value) {
    return (curl_easy_getinfo)(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

/// The result of the next finished transfer of `multi`; false when none has finished.
static inline _Bool ccurl_multi_finished(CURLM *multi, CURLcode *result) {
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return 1;
        }
    }
    return 0;
}

#endif
