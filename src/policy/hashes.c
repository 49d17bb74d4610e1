/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/hashes.h"

uint32_t hash_djb2(struct slice s)
{
    uint32_t h = 5381;

    for (size_t i = 0; i < s.n; i++) h = h * 33 + (uint8_t)s.p[i];
    return h;
}

uint32_t hash_sdbm(struct slice s)
{
    uint32_t h = 0;

    for (size_t i = 0; i < s.n; i++) h = h * 65599 + (uint8_t)s.p[i];
    return h;
}

static uint32_t rotate_left(uint32_t n, unsigned bits)
{
    return n << (bits & 31) | n >> (-bits & 31);
}

/* Two halves that are mixed with each byte, turned by as many bits as they say themselves, and
 * change places. */
uint32_t hash_wt6(struct slice s)
{
    uint32_t a = 0xa53c965a, b = 0x5ca6953a, turned;
    unsigned left = 6, right = 18;

    for (size_t i = 0; i < s.n; i++) {
        a = ~(a ^ (uint8_t)s.p[i]);
        b = ~(b + (uint8_t)s.p[i]);
        turned = rotate_left(b, left);
        b = rotate_left(a, right);
        a = turned;
        turned = (a >> 16 ^ b) & 0xffff;
        left = turned & 31;
        right = turned >> 11;
    }
    return a ^ b;
}

/* Remainders of the 16 values of 4 bits, for the polynomials 0xedb88320 and 0x82f63b78. */
static const uint32_t CRC32[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};
static const uint32_t CRC32C[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t crc(struct slice s, const uint32_t table[16])
{
    uint32_t h = UINT32_MAX;

    for (size_t i = 0; i < s.n; i++) {
        h ^= (uint8_t)s.p[i];
        h = h >> 4 ^ table[h & 15];
        h = h >> 4 ^ table[h & 15];
    }
    return ~h;
}

uint32_t hash_crc32(struct slice s)
{
    return crc(s, CRC32);
}

uint32_t hash_crc32c(struct slice s)
{
    return crc(s, CRC32C);
}

uint32_t hash_avalanche(uint32_t h)
{
    h = (h + 0x7ed55d16) + (h << 12);
    h = (h ^ 0xc761c23c) ^ (h >> 19);
    h = (h + 0x165667b1) + (h << 5);
    h = (h + 0xd3a2646c) ^ (h << 9);
    h = (h + 0xfd7046c5) + (h << 3);
    h = (h ^ 0xb55a4f09) ^ (h >> 16);
    return h * 3221225473u;
}
