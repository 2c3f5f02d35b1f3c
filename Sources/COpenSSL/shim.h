#include <features.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Macros that Swift cannot import, as functions. */

static inline int tern_ssl_ctx_require_tls_1_2(SSL_CTX *ctx)
{
  return (int)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
}

static inline void tern_ssl_ctx_release_buffers(SSL_CTX *ctx) { SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); }

/* Compression and renegotiation are a peer's means to make work; our order of ciphers counts. */
static const uint64_t tern_ssl_options =
  SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE;

static inline STACK_OF(X509) *tern_x509_stack(void) { return sk_X509_new_null(); }
static inline int tern_x509_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline void tern_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

/* Text that was written to a memory BIO. */
static inline long tern_bio_text(BIO *bio, char **text) { return BIO_get_mem_data(bio, text); }

static const unsigned long tern_name_flags = XN_FLAG_ONELINE;

/* Of a library that is older than OpenSSL 3: the end of a connection without a farewell is an end, and no error. */
static const uint64_t tern_ssl_option_plain_end = SSL_OP_IGNORE_UNEXPECTED_EOF;

static inline void tern_ssl_ctx_forget_sessions(SSL_CTX *ctx) { SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); }

/* Server Name Indication (RFC 6066 section 3). */
static inline int tern_ssl_ask_for(SSL *ssl, char const *name) { return (int)SSL_set_tlsext_host_name(ssl, (char *)name); }
