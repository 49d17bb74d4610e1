/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that make hashes and digests, what else needs a key, and secure_memcmp. The hashes of
 * 32 bits are those that choose servers too (hashes.h); xxh is libxxhash's, digests are
 * libcrypto's. */
#include "policy/converters.h"
#include "policy/hashes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

/* ---- hashes ---- */

static bool mixed(const struct arg *args)
{
    return args[0].given && args[0].sint;
}

static bool hashed(struct sample *s, const struct arg *args, uint32_t h)
{
    return sample_sint(s, mixed(args) ? hash_avalanche(h) : h);
}

static bool to_crc32(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return hashed(s, args, hash_crc32(s->str));
}

static bool to_crc32c(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return hashed(s, args, hash_crc32c(s->str));
}

static bool to_djb2(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return hashed(s, args, hash_djb2(s->str));
}

static bool to_sdbm(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return hashed(s, args, hash_sdbm(s->str));
}

static bool to_wt6(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return hashed(s, args, hash_wt6(s->str));
}

static uint64_t seed(const struct arg *args)
{
    return args[0].given ? (uint64_t)args[0].sint : 0;
}

static bool to_xxh32(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return sample_sint(s, XXH32(s->str.p, s->str.n, (uint32_t)seed(args)));
}

static bool to_xxh64(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return sample_sint(s, (int64_t)XXH64(s->str.p, s->str.n, seed(args)));
}

static bool to_xxh3(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    return sample_sint(s, (int64_t)XXH3_64bits_withSeed(s->str.p, s->str.n, seed(args)));
}

/* ---- digests ---- */

/* The digest stands in the array's end, where the row's check left it. */
static const EVP_MD *digest_of(const struct arg *args)
{
    while (args->type != ARG_END) args++;
    return args->thing;
}

static bool digest(struct context *c, const EVP_MD *md, struct sample *s)
{
    char *out = context_room(c, EVP_MAX_MD_SIZE);
    unsigned n;

    if (!out || !EVP_Digest(s->str.p, s->str.n, (unsigned char *)out, &n, md, NULL)) return false;
    return sample_bin(s, slice_of(out, n));
}

static bool to_digest(struct context *c, const struct arg *args, struct sample *s)
{
    return digest(c, digest_of(args), s);
}

static bool to_sha1(struct context *c, const struct arg *args, struct sample *s)
{
    (void)args;
    return digest(c, EVP_sha1(), s);
}

static bool check_sha2(struct policy_cfg *pc, struct arg *args)
{
    switch (args[0].given ? args[0].sint : 256) {
    case 224: args[1].thing = EVP_sha224(); return true;
    case 256: args[1].thing = EVP_sha256(); return true;
    case 384: args[1].thing = EVP_sha384(); return true;
    case 512: args[1].thing = EVP_sha512(); return true;
    default: return arg_error(pc, &args[0], "SHA-2 has 224, 256, 384 or 512 bits");
    }
}

static bool find_digest(struct policy_cfg *pc, const struct arg *name, const EVP_MD **out)
{
    char text[64];

    *out = name->str.n < sizeof text
               ? EVP_get_digestbyname(slice_copy(name->str, text, sizeof text))
               : NULL;
    if (*out) return true;
    arg_error(pc, name, "'%.*s' is no digest that libcrypto knows", SLICE_ARG(name->str));
    return cfg_hint(pc->cfg, "such as sha256, sha512, sha3-256 or blake2b512");
}

static bool check_digest(struct policy_cfg *pc, struct arg *args)
{
    const EVP_MD *md;

    if (!find_digest(pc, &args[0], &md)) return false;
    args[1].thing = md;
    return true;
}

/* An argument in base64 is decoded when it is a constant. */
static bool check_base64(struct policy_cfg *pc, struct arg *a)
{
    char *bytes, *end;

    if (a->variable) return true;
    bytes = arena_alloc(pc->cfg->arena, a->str.n);
    end = convert_base64_decode(bytes, a->str);
    if (!end) return arg_error(pc, a, "this must be base64, or a variable");
    a->str = slice_between(bytes, end);
    return true;
}

/* Its bytes; false: the variable is not there, or no base64. */
static bool base64_bytes(struct context *c, const struct arg *a, struct slice *bytes)
{
    char *out, *end;

    if (!arg_string(c, a, bytes)) return false;
    if (!a->variable) return true;
    out = context_room(c, bytes->n);
    end = out ? convert_base64_decode(out, *bytes) : NULL;
    if (!end) return false;
    *bytes = slice_between(out, end);
    return true;
}

static bool check_hmac(struct policy_cfg *pc, struct arg *args)
{
    const EVP_MD *md;

    if (!find_digest(pc, &args[0], &md)) return false;
    args[2].thing = md;
    return check_base64(pc, &args[1]);
}

static bool to_hmac(struct context *c, const struct arg *args, struct sample *s)
{
    char *out = context_room(c, EVP_MAX_MD_SIZE);
    struct slice key;
    unsigned n;

    if (!out || !base64_bytes(c, &args[1], &key)) return false;
    if (!HMAC(digest_of(args), key.n ? key.p : "", (int)key.n, (const unsigned char *)s->str.p,
              s->str.n, (unsigned char *)out, &n))
        return false;
    return sample_bin(s, slice_of(out, n));
}

/* ---- decrypting ---- */

static const EVP_CIPHER *aes_gcm(int64_t bits)
{
    switch (bits) {
    case 128: return EVP_aes_128_gcm();
    case 192: return EVP_aes_192_gcm();
    case 256: return EVP_aes_256_gcm();
    default: return NULL;
    }
}

static bool check_aes_gcm(struct policy_cfg *pc, struct arg *args)
{
    if (!aes_gcm(args[0].sint)) return arg_error(pc, &args[0], "AES has 128, 192 or 256 bits");
    return check_base64(pc, &args[1]) && check_base64(pc, &args[2]) && check_base64(pc, &args[3]);
}

/* Nothing of the text is given out before the tag is found to be right. */
static bool decrypt(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
                    const struct slice *nonce_key_tag, struct slice text, char *out)
{
    const struct slice nonce = nonce_key_tag[0], key = nonce_key_tag[1], tag = nonce_key_tag[2];
    unsigned char *to = (unsigned char *)out;
    int n;

    return key.n == (size_t)EVP_CIPHER_get_key_length(cipher) &&
           EVP_DecryptInit_ex(ctx, cipher, NULL, NULL, NULL) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce.n, NULL) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.n, (void *)tag.p) > 0 &&
           EVP_DecryptInit_ex(ctx, NULL, NULL, (const unsigned char *)key.p,
                              (const unsigned char *)nonce.p) > 0 &&
           EVP_DecryptUpdate(ctx, to, &n, (const unsigned char *)text.p, (int)text.n) > 0 &&
           EVP_DecryptFinal_ex(ctx, to + n, &n) > 0;
}

static bool to_aes_gcm_dec(struct context *c, const struct arg *args, struct sample *s)
{
    char *out = context_room(c, s->str.n + EVP_MAX_BLOCK_LENGTH);
    struct slice nonce_key_tag[3];
    EVP_CIPHER_CTX *ctx;
    bool fine;

    for (unsigned i = 0; i < 3; i++)
        if (!base64_bytes(c, &args[1 + i], &nonce_key_tag[i])) return false;
    ctx = out ? EVP_CIPHER_CTX_new() : NULL;
    fine = ctx && decrypt(ctx, aes_gcm(args[0].sint), nonce_key_tag, s->str, out);
    EVP_CIPHER_CTX_free(ctx);
    return fine && sample_bin(s, slice_of(out, s->str.n));
}

/* ---- comparing ---- */

static bool secure_memcmp(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice other;

    if (!convert_variable(c, &args[0], SAMPLE_BIN, &other)) return false;
    return sample_bool(s, s->str.n == other.n &&
                              (other.n == 0 || CRYPTO_memcmp(s->str.p, other.p, other.n) == 0));
}

#define HASH(name, function, text)                                                     \
    {                                                                                  \
        (name), ARGS(0, ARG_SINT), SAMPLE_BIN, SAMPLE_SINT, (function),                \
            .doc = text " With an argument other than 0 its bits are mixed once more." \
    }
#define SEEDED(name, function, text)                                    \
    {                                                                   \
        (name), ARGS(0, ARG_SINT), SAMPLE_BIN, SAMPLE_SINT, (function), \
            .doc = text " The argument is its seed, 0 by default."      \
    }

static const struct converter ROWS[] = {
    { "aes_gcm_dec", ARGS(4, ARG_SINT, ARG_VAR_OR_STR, ARG_VAR_OR_STR, ARG_VAR_OR_STR), SAMPLE_BIN,
      SAMPLE_BIN, to_aes_gcm_dec, .check = check_aes_gcm,
      .doc =
          "Decrypts AES-GCM: of 128, 192 or 256 bits, with a nonce, the key and the tag, each in "
          "base64 or a variable that holds it so. No value when the tag does not fit." },
    HASH("crc32", to_crc32, "The CRC-32 of the input, as Ethernet and gzip have it."),
    HASH("crc32c", to_crc32c, "The CRC-32C of the input."),
    { "digest", ARGS(1, ARG_STR), SAMPLE_BIN, SAMPLE_BIN, to_digest, .check = check_digest,
      .doc = "The digest of the input by an algorithm that libcrypto knows (`sha256`)." },
    HASH("djb2", to_djb2, "The DJB2 hash of the input."),
    { "hmac", ARGS(2, ARG_STR, ARG_VAR_OR_STR), SAMPLE_BIN, SAMPLE_BIN, to_hmac,
      .check = check_hmac,
      .doc = "The message authentication code of the input (RFC 2104): an algorithm that libcrypto "
             "knows, and the key in base64 or a variable that holds it so." },
    HASH("sdbm", to_sdbm, "The SDBM hash of the input."),
    { "secure_memcmp", ARGS(1, ARG_VAR), SAMPLE_BIN, SAMPLE_BOOL, secure_memcmp,
      .doc = "True when the input's bytes are those of a variable; how long that takes tells "
             "nothing but whether they are equally long." },
    { "sha1", ARGS(0, ARG_END), SAMPLE_BIN, SAMPLE_BIN, to_sha1,
      .doc = "The SHA-1 digest of the input, 20 bytes." },
    { "sha2", ARGS(0, ARG_SINT), SAMPLE_BIN, SAMPLE_BIN, to_digest, .check = check_sha2,
      .doc = "The SHA-2 digest of the input: of 224, 256 (by default), 384 or 512 bits." },
    HASH("wt6", to_wt6, "The WT6 hash of the input."),
    SEEDED("xxh3", to_xxh3, "The XXH3 hash of the input in 64 bits, as a signed number."),
    SEEDED("xxh32", to_xxh32, "The XXH32 hash of the input."),
    SEEDED("xxh64", to_xxh64, "The XXH64 hash of the input, as a signed number."),
};

const struct converter_table digest_converters = CONVERTER_TABLE("Hashes and digests", ROWS);
