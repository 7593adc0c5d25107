// What Swift cannot see of OpenSSL 3.0 by itself: macros, typed stacks, and constants that are expressions.

#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// The low-level key functions are deprecated, and are the only ones that read a key without trying every decoder.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Memory

static inline void *copenssl_malloc(size_t n) { return OPENSSL_malloc(n); }
static inline void copenssl_clear_free(void *p, size_t n) { OPENSSL_clear_free(p, n); }
static inline void copenssl_free(void *p) { OPENSSL_free(p); }
static inline long copenssl_bio_data(BIO *b, char **data) { return BIO_get_mem_data(b, data); }
static inline void copenssl_sha256(const unsigned char *p, size_t n, unsigned char *out) { SHA256(p, n, out); }

// Typed stacks

static inline STACK_OF(X509) *copenssl_certificates_new(void) { return sk_X509_new_null(); }
static inline void copenssl_certificates_free(STACK_OF(X509) *s) { sk_X509_pop_free(s, X509_free); }

static inline GENERAL_NAMES *copenssl_names_new(void) { return sk_GENERAL_NAME_new_null(); }
static inline int copenssl_names_push(GENERAL_NAMES *s, GENERAL_NAME *n) { return sk_GENERAL_NAME_push(s, n); }
static inline int copenssl_names_count(const GENERAL_NAMES *s) { return sk_GENERAL_NAME_num(s); }
static inline GENERAL_NAME *copenssl_names_at(const GENERAL_NAMES *s, int i) { return sk_GENERAL_NAME_value(s, i); }

static inline int copenssl_usages_count(const EXTENDED_KEY_USAGE *s) { return sk_ASN1_OBJECT_num(s); }
static inline ASN1_OBJECT *copenssl_usages_at(const EXTENDED_KEY_USAGE *s, int i) { return sk_ASN1_OBJECT_value(s, i); }

static inline STACK_OF(X509_EXTENSION) *copenssl_extensions_new(void) { return sk_X509_EXTENSION_new_null(); }
static inline int copenssl_extensions_push(STACK_OF(X509_EXTENSION) *s, X509_EXTENSION *e) { return sk_X509_EXTENSION_push(s, e); }
static inline void copenssl_extensions_free(STACK_OF(X509_EXTENSION) *s) { sk_X509_EXTENSION_pop_free(s, X509_EXTENSION_free); }

// Keys

// The EC key in a PKCS#8 block whose curve has a name; NULL for any other. What EVP_PKCS82PKEY would make of it, in a
// tenth of the time.
static inline EVP_PKEY *copenssl_ec_key(const PKCS8_PRIV_KEY_INFO *encoded) {
    const ASN1_OBJECT *algorithm = NULL;
    const X509_ALGOR *parameters = NULL;
    const unsigned char *bytes = NULL;
    int length = 0, type = 0;
    const void *curve = NULL;
    if (!PKCS8_pkey_get0(&algorithm, &bytes, &length, &parameters, encoded)) return NULL;
    if (OBJ_obj2nid(algorithm) != NID_X9_62_id_ecPublicKey) return NULL;
    X509_ALGOR_get0(NULL, &type, &curve, parameters);
    if (type != V_ASN1_OBJECT) return NULL;
    EC_KEY *key = EC_KEY_new_by_curve_name(OBJ_obj2nid((const ASN1_OBJECT *)curve));
    const unsigned char *end = bytes;
    if (key == NULL || d2i_ECPrivateKey(&key, &end, length) == NULL || end != bytes + length) {
        EC_KEY_free(key);
        return NULL;
    }
    EVP_PKEY *made = EVP_PKEY_new();
    if (made == NULL || !EVP_PKEY_assign_EC_KEY(made, key)) {
        EVP_PKEY_free(made);
        EC_KEY_free(key);
        return NULL;
    }
    return made;
}

// Whether an EC key's public half is that of its private one: 1 if so. What EVP_PKEY_pairwise_check looks at, in a tenth
// of the time; a public half at infinity, which it lets pass, is nobody's.
static inline int copenssl_ec_halves_agree(const EVP_PKEY *key) {
    const EC_KEY *halves = EVP_PKEY_get0_EC_KEY(key);
    const EC_GROUP *group = halves == NULL ? NULL : EC_KEY_get0_group(halves);
    const EC_POINT *written = halves == NULL ? NULL : EC_KEY_get0_public_key(halves);
    const BIGNUM *secret = halves == NULL ? NULL : EC_KEY_get0_private_key(halves);
    if (group == NULL || written == NULL || secret == NULL) return 0;
    EC_POINT *computed = EC_POINT_new(group);
    int agree = computed != NULL && EC_POINT_mul(group, computed, secret, NULL, NULL, NULL)
        && !EC_POINT_is_at_infinity(group, computed) && EC_POINT_cmp(group, computed, written, NULL) == 0;
    EC_POINT_free(computed);
    return agree;
}

// Names and times

static inline unsigned long copenssl_name_flags(void) { return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB; }
static inline int copenssl_is_negative(const ASN1_INTEGER *i) { return i->type == V_ASN1_NEG_INTEGER; }

static inline int copenssl_seconds_since_1970(const ASN1_TIME *t, int64_t *seconds) {
    int d = 0, s = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int ok = epoch != NULL && ASN1_TIME_diff(&d, &s, epoch, t);
    ASN1_TIME_free(epoch);
    *seconds = (int64_t)d * 86400 + s;
    return ok;
}

// Issuing

static inline int copenssl_add_extension(X509 *subject, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int ok = extension != NULL && X509_add_ext(subject, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

// TLS

static inline int copenssl_errno(void) { return errno; }
static inline void copenssl_clear_errno(void) { errno = 0; }
static inline int copenssl_set_minimum_version(SSL_CTX *c, int v) { return (int)SSL_CTX_set_min_proto_version(c, v); }
static inline int copenssl_set_server_name(SSL *s, const char *name) { return (int)SSL_set_tlsext_host_name(s, name); }
static inline int copenssl_set_signature_algorithms(SSL *s, const char *list) { return (int)SSL_set1_sigalgs_list(s, list); }
static inline int copenssl_add_chain_certificate(SSL_CTX *c, X509 *x) { return (int)SSL_CTX_add1_chain_cert(c, x); }
static inline long copenssl_session_cache_off(SSL_CTX *c) { return SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF); }
static inline uint64_t copenssl_server_options(SSL_CTX *c) {
    return SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}
static inline long copenssl_server_modes(SSL_CTX *c) {
    return SSL_CTX_set_mode(
        c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

// The socket BIO writes with write(2), which raises SIGPIPE when the peer is gone. This one differs only in that.

static inline int copenssl_quiet_write(BIO *b, const char *data, int count) {
    int descriptor = (int)BIO_get_fd(b, NULL);
    errno = 0;
    int written = (int)send(descriptor, data, (size_t)count, MSG_NOSIGNAL);
    BIO_clear_retry_flags(b);
    if (written <= 0 && BIO_sock_should_retry(written)) BIO_set_retry_write(b);
    return written;
}

static inline BIO_METHOD *copenssl_quiet_socket_method(void) {
    const BIO_METHOD *plain = BIO_s_socket();
    BIO_METHOD *quiet = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (quiet == NULL) return NULL;
    BIO_meth_set_write(quiet, copenssl_quiet_write);
    BIO_meth_set_read(quiet, BIO_meth_get_read(plain));
    BIO_meth_set_puts(quiet, BIO_meth_get_puts(plain));
    BIO_meth_set_ctrl(quiet, BIO_meth_get_ctrl(plain));
    BIO_meth_set_create(quiet, BIO_meth_get_create(plain));
    BIO_meth_set_destroy(quiet, BIO_meth_get_destroy(plain));
    return quiet;
}

static inline int copenssl_borrow_socket(BIO *b, int descriptor) { return (int)BIO_set_fd(b, descriptor, BIO_NOCLOSE); }

#endif
