/* SPDX-License-Identifier: Apache-2.0 */
/* Converters, by what HAProxy 2.6 answers: tests/system/language/converters.txt has more of these,
 * which a system test asks both programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/json_find.h"
#include "policy_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct fetch_table *const FETCHES[] = { &basic_fetches, NULL };
static const struct converter_table *const CONVERTERS[] = {
    &arith_converters,  &string_converters,
    &regsub_converters, &http_converters,
    &json_converters,   &encoding_converters,
    &digest_converters, &date_converters,
    &state_converters,  NULL,
};

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, FETCHES, CONVERTERS);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

/* What an expression gives in a request of its own. */
static const char *ask(struct policy_fixture *f, const char *expr)
{
    fixture_request(f, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    return fixture_eval(f, expr);
}

struct question {
    const char *expr, *answer; /* "-": no value */
};

static const struct question QUESTIONS[] = {
    /* Arithmetic and logic */
    { "int(9223372036854775807),add(1)", "9223372036854775807" },
    { "int(-9223372036854775808),sub(1)", "-9223372036854775808" },
    { "int(-1),sub(-9223372036854775808)", "9223372036854775807" },
    { "int(9223372036854775807),mul(-2)", "-9223372036854775808" },
    { "int(3037000500),mul(3037000500)", "9223372036854775807" },
    { "int(0),mul(5)", "0" },
    { "int(-7),div(0)", "9223372036854775807" },
    { "int(-9223372036854775808),div(-1)", "9223372036854775807" },
    { "int(7),mod(0)", "0" },
    { "int(-9223372036854775808),mod(-1)", "0" },
    { "int(6),and(3)", "2" },
    { "int(-1),cpl", "0" },
    { "int(2),even", "1" },
    { "int(0),odd", "0" },
    { "str(-5),add(1)", "-4" },
    { "str(0x10),add(1)", "1" },
    { "bool(true),add(1)", "2" },
    { "ipv4(1.2.3.4),add(0)", "16909060" },
    { "int(5),add(txn.none)", "-" },
    { "int(5),add(-)", "5" },
    { "str(abc),set-var(txn.n),length,add(txn.n)", "3" },
    { "bool(true),set-var(txn.n),add(txn.n)", "2" },
    { "int(-2147483648),add(-1)", "9223372036854775807" },
    { "int(-2147483648),add(-3037000500)", "9223372036854775807" },
    { "int(-4611686018427387904),add(-4611686018427387904)", "9223372036854775807" },
    { "int(-9223372036854775807),add(-1)", "9223372036854775807" },
    { "int(-9223372036854775808),add(-9223372036854775808)", "-9223372036854775808" },
    { "int(-1),add(-9223372036854775807)", "9223372036854775807" },
    { "int(-2),add(-9223372036854775807)", "-9223372036854775808" },
    { "int(-1),sub(9223372036854775807)", "9223372036854775807" },
    { "int(5),sub(9223372036854775807)", "-9223372036854775802" },
    { "int(4611686018427387904),add(4611686018427387903)", "9223372036854775807" },
    /* Cases, lengths and parts: lower upper length bytes field word */
    { "str(AbC),lower", "abc" },
    { "str(abc),length", "3" },
    { "bin(c3a9),length", "2" },
    { "str(abcdef),bytes(2,30)", "cdef" },
    { "str(abcdef),bytes(6)", "" },
    { "str(abcdef),bytes(-1,2)", "" },
    { "str(abcdef),bytes(4294967297)", "" },
    { "str(abcdef),bytes(0)", "abcdef" },
    { "str(),bytes(0)", "" },
    { "str(),bytes(0,1)", "" },
    { "int(258),bytes(6),hex", "0102" },
    { "str(a:b:c),field(1,:)", "a" },
    { "str(a:b:c),field(3,:)", "c" },
    { "str(a:b:c),field(4,:)", "-" },
    { "str(a:b:c),field(-4,:)", "-" },
    { "str(a:b:c:d),field(-2,:,9)", "a:b:c" },
    { "str(a:b:c:d),field(2,:,-1)", "b:c:d" },
    { "str(:),field(1,:)", "" },
    { "str(a:),field(2,:)", "" },
    { "str(:a),field(1,:)", "" },
    { "str(:a),field(-2,:)", "" },
    { "str(abc),field(-1,:)", "abc" },
    { "str(f1_f2_f3__f5),word(4,_)", "f5" },
    { "str(f1_f2_f3__f5),word(2,_,0)", "f2_f3__f5" },
    { "str(f1_f2_f3__f5),word(3,_,2)", "f3__f5" },
    { "str(f1_f2_f3__f5),word(-2,_,3)", "f1_f2_f3" },
    { "str(f1_f2_f3__f5),word(-3,_,0)", "f1_f2" },
    { "str(),word(1,_)", "" },
    { "str(__a__),word(1,_,0)", "a__" },
    { "str(__a__b__),word(-1,_,0)", "__a__b" },
    { "str(__a__b__),word(1,_,2)", "a__b" },
    { "str(__a__b__),word(-1,_,2)", "a__b" },
    { "str(__a__b__),word(1,_,5)", "a__b__" },
    { "str(a b),word(1, )", "a" },
    { "str(a b),word(2,\" \")", "b" },
    { "str(abc),word(1,_,-1)", "abc" },
    { "str(a_b_c),word(2,_,-1)", "b_c" },
    { "str(a_b_c),word(-2,_,-1)", "a_b" },
    { "str(a_b_c),field(-2,_,-1)", "a_b" },
    { "str(a_b_c),field(2,_,-2)", "b_c" },
    /* Joining, trimming, comparing, choosing */
    { "str(abc),word(-2,_)", "" },
    { "str(abc_),word(2,_)", "" },
    { "str(abc_),word(-2,_)", "" },
    { "str(abc__),word(2,_)", "" },
    { "str(abc__),word(3,_)", "" },
    { "str(a),concat(b,,c)", "abc" },
    { "str(a),concat(,,c)", "ac" },
    { "bool(true),set-var(txn.v),concat(b,txn.v,c)", "1b1c" },
    { "ipv4(1.2.3.4),set-var(txn.v),concat(b,txn.v,c)", "1.2.3.4b1.2.3.4c" },
    { "bin(4142),set-var(txn.v),concat(b,txn.v,c)", "ABbABc" },
    { "int(5),concat(b)", "5b" },
    { "str(a),add_item(\",\",,b)", "a,b" },
    { "str(),add_item(\",\",,b)", "b" },
    { "str(a),add_item(,,b)", "ab" },
    { "str(x),set-var(txn.v),add_item(\",\",txn.v,y)", "x,xy" },
    { "str(a),set-var(txn.v),concat(zzz),strcmp(txn.v)", "1" },
    { "str(abc),set-var(txn.v),concat(zzz),bytes(0,2),strcmp(txn.v)", "-1" },
    { "str(abc),strcmp(txn.none)", "-" },
    { "str(5),set-var(txn.v),length,strcmp(txn.v)", "-4" },
    { "int(5),set-var(txn.v),concat(6),strcmp(txn.v)", "1" },
    { "bin(80),set-var(txn.v),hex,strcmp(txn.v)", "-72" },
    { "bin(80),set-var(txn.v),bytes(0,0),concat(a),strcmp(txn.v)", "-31" },
    { "str(xxabcxx),rtrim(x)", "xxabc" },
    { "str(xyxabc),ltrim(xy)", "abc" },
    { "str(xxx),rtrim(x)", "" },
    { "str(xxx),ltrim()", "xxx" },
    { "str(xxx),ltrim", "xxx" },
    { "str(),rtrim(x)", "" },
    { "bool(false),iif(a,b)", "b" },
    { "bool(true),iif(,b)", "" },
    { "str(),iif(a,b)", "-" },
    { "str(TRUE),iif(a,b)", "b" },
    { "str(on),iif(a,b)", "b" },
    { "str(00),iif(a,b)", "b" },
    /* Hosts, addresses and languages */
    { "str([::1]),host_only", "[::1]" },
    { "str([AbC::1]:80),host_only", "[abc::1]" },
    { "str(host:),host_only", "host" },
    { "str(host:80:90),host_only", "host:80" },
    { "str(::1),port_only", "1" },
    { "str(host:),port_only", "0" },
    { "str(host:99999999999999),port_only", "276447231" },
    { "str(host:-1),port_only", "4294967267" },
    { "ipv4(1.2.3.4),ipmask(32)", "1.2.3.4" },
    { "ipv4(1.2.3.4),ipmask(24,64)", "1.2.3.0" },
    { "ipv6(2001:db8:aaaa::1:2:3:4),ipmask(24,33)", "2001:db8:8000::" },
    { "ipv6(::ffff:1.2.3.4),ipmask(24,128)", "1.2.3.0" },
    { "str(\"fr;q=0.5, en-US, de;q=0.8\"),language(de;fr;en)", "en" },
    { "str(\"fr;q=0.5,de;q=0.5\"),language(de;fr)", "fr" },
    { "str(\"fr;q=0.5x,de;q=0.4\"),language(de;fr,nl)", "fr" },
    { "str(\"fr;q=.9,de;q=0.4\"),language(de;fr,nl)", "fr" },
    { "str(\"fr\"),language(fr,)", "fr" },
    { "str(\"xx\"),language(fr,\"\")", "-" },
    { "str(\"fr-CH-a, en;q=0.9\"),language(fr;en)", "fr" },
    { "str(\"fr-CH-a, en;q=0.9\"),language(fr-CH;en)", "fr-CH" },
    { "str(\"f, en;q=0.9\"),language(fr;en)", "en" },
    { "str(\"fra, en;q=0.9\"),language(fr;en)", "en" },
    { "str(\"fr;q=0.10,en;q=0.1\"),language(en;fr)", "fr" },
    { "str(\"fr;,en;q=0.1\"),language(en;fr)", "fr" },
    { "int(5),htonl", "" },
    { "int(-1),htonl,hex", "FFFFFFFF" },
    { "ipv6(::1.2.3.4),ipmask(24)", "-" },
    { "str(1.2.3.4:80),ipmask(24)", "1.2.3.0" },
    { "int(4294967296),ipmask(24)", "0.0.0.0" },
    { "int(5),language(5)", "5" },
    { "str(\"fr;q = 0.5,de;q=0.7\"),language(fr;de)", "de" },
    { "str(\"fr;q=0.,de;q=0.1\"),language(fr;de)", "de" },
    { "str(\"es\"),language(\"fr;de\",es)", "es" },
    { "str(\"fr,de\"),language(\"fr,de\",es)", "es" },
    { "str(\"fr_CH\"),language(fr)", "-" },
    { "str(\"de\"),language(\"fr; de\",xx)", "xx" },
    /* Encodings */
    { "str(a%),url_dec", "-" },
    { "str(a%2Bb),url_dec", "a+b" },
    { "str(a%25b),url_dec", "a%b" },
    { "str(a#b%20),url_dec", "a#b " },
    { "str(\"a b\"),url_enc(query)", "a%20b" },
    { "str(\"a b\"),url_enc(\"\")", "a%20b" },
    { "str(),base64", "" },
    { "str(YWJj),b64dec", "abc" },
    { "str(YWI),b64dec", "-" },
    { "str(YQ),b64dec", "-" },
    { "str(),b64dec", "" },
    { "str(YWJj\\n),b64dec", "-" },
    { "str(=aaa),b64dec", "-" },
    { "str(__8=),ub64dec,hex", "FFFF3F" },
    { "str(YWJ),ub64dec", "ab" },
    { "str(Y),ub64dec", "-" },
    { "str(YW=),ub64dec", "ao" },
    { "str(====),b64dec", "-" },
    { "str(====),ub64dec", "\xff\xff\xff" },
    { "bin(ffff),ub64enc", "__8" },
    { "bin(ff),ub64enc", "_w" },
    { "bin(fbf0),base64", "+/A=" },
    { "str(abc),ub64enc", "YWJj" },
    { "str(),hex", "" },
    { "str(fx),hex2i", "-" },
    { "str(),hex2i", "0" },
    { "str(1ffffffffffffffff),hex2i", "-1" },
    { "str( f),hex2i", "-" },
    { "bin(01020304050607),be2dec(:,2)", "258:772:1286:7" },
    { "bin(01020304050607),be2dec(,2,1)", "2587721286" },
    { "str(abc),be2dec(:,2)", "24930:99" },
    { "bin(01020304050607),be2hex", "01020304050607" },
    { "bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07" },
    { "bin(01020304050607),be2hex(--,2,1)", "0102--0304--0506" },
    { "bin(0102030405060708),be2hex(,3)", "0102030405060708" },
    { "bin(0102030405060708),be2hex(,2)", "0102030405060708" },
    { "bin(abcd),be2hex(:,1)", "AB:CD" },
    { "str(AA),b64dec,hex", "-" },
    { "str(AAA),b64dec,hex", "-" },
    { "str(AAAA),b64dec,hex", "000000" },
    { "str(w===),b64dec,hex", "" },
    { "str(A),ub64dec,hex", "-" },
    { "str(AA),ub64dec,hex", "00" },
    { "str(w=),ub64dec,hex", "C3" },
    { "str(==),ub64dec,hex", "FF" },
    { "str(AA+/),ub64dec,hex", "-" },
    /* Hashes and digests */
    { "str(),sha1,hex", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709" },
    { "str(abc),sha2(256),hex",
      "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" },
    { "str(abc),digest(sha256),hex",
      "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" },
    { "str(abc),digest(SHA3-256),hex",
      "3A985DA74FE225B2045C172D6BD390BD855F086E3E9D525B46BFE24511431532" },
    { "str(abc),digest(blake2b512),hex",
      "BA80A53F981C4D0D6A2797B69F12F6E94C212F14685AC4B74B12BB6FDBFFA2D17D87C5392AAB792DC252D5DE4533"
      "CC9518D38AA8DBF1925AB92386EDD4009923" },
    { "str(abc),digest(shake128),hex", "5881092DD818BF5CF8A3DDB793FBCBA7" },
    { "str(abc),digest(sm3),hex",
      "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0" },
    { "str(abc),digest(SHA2-256),hex",
      "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" },
    { "str(abc),digest(ssl3-md5),hex", "900150983CD24FB0D6963F7D28E17F72" },
    { "str(abc),digest(md5-sha1),hex",
      "900150983CD24FB0D6963F7D28E17F72A9993E364706816ABA3E25717850C26C9CD0D89D" },
    { "str(key),set-var(txn.k),hmac(sha256,txn.k),hex", "-" },
    { "str(!!),set-var(txn.k),hmac(sha256,txn.k),hex", "-" },
    { "str(abc),crc32", "891568578" },
    { "str(),crc32", "0" },
    { "str(abc),crc32(0)", "891568578" },
    { "str(abc),crc32(1)", "930845320" },
    { "str(abc),crc32(-1)", "930845320" },
    { "str(abc),crc32c(1)", "1285784220" },
    { "str(),crc32(1)", "2874071335" },
    { "str(abc),djb2", "193485963" },
    { "str(abc),djb2(1)", "2235766107" },
    { "str(abc),sdbm", "807794786" },
    { "str(abc),sdbm(1)", "659243622" },
    { "str(abc),wt6(1)", "266135527" },
    { "bin(ff80),djb2", "5868452" },
    { "str(abc),xxh64(5)", "-1753195980308443340" },
    { "str(abc),xxh3", "8696274497037089104" },
    { "str(abc),xxh3(5)", "6167986026487092235" },
    { "str(),xxh3", "3244421341483603138" },
    { "int(5),crc32", "357051366" },
    { "str(a),secure_memcmp(txn.none)", "-" },
    { "str(5),set-var(txn.v),add(0),secure_memcmp(txn.v)", "0" },
    { "bin(61),set-var(txn.v),bytes(0),secure_memcmp(txn.v)", "1" },
    { "bool(true),set-var(txn.v),secure_memcmp(txn.v)", "1" },
    /* Dates */
    { "int(-1),http_date", "Sun, 13 Jun 1141709097 06:26:07 GMT" },
    { "int(-1),http_date(0,ms)", "Thu, 01 Jan 1970 00:00:00.-1 GMT" },
    { "int(253402300799),http_date", "Fri, 31 Dec 9999 23:59:59 GMT" },
    { "int(253402300800),http_date", "Sat, 01 Jan 10000 00:00:00 GMT" },
    { "int(-62167219201),http_date", "Tue, 14 Jun 1141707127 06:26:07 GMT" },
    { "int(100000000000000),http_date", "Sat, 07 Nov 3170843 09:46:40 GMT" },
    { "str(abc),http_date", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "int(784111777),utime(%Y%m%d%H%M%S)", "19941106084937" },
    { "int(784111777),utime(%c,-60)", "Sun Nov  6 08:48:37 1994" },
    { "int(784111777),utime()", "" },
    { "int(784111777),utime(%Q)", "%Q" },
    { "int(36028797018963967),http_date", "Sun, 13 Jun 1141709097 06:26:07 GMT" },
    { "int(36028797018963968),http_date(5,ms)", "Mon, 15 Feb 1143677 11:56:03.973 GMT" },
    { "int(-1),http_date(1)", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "int(-1),http_date(1001,ms)", "Thu, 01 Jan 1970 00:00:01.0 GMT" },
    { "int(-1),utime(%Y-%m-%dT%H:%M:%S)", "1141709097-06-13T06:26:07" },
    { "int(0),utime(%Y-%m-%dT%H:%M:%S,-1)", "1969-12-31T23:59:59" },
    { "int(951782400),utime(%Y-%m-%d)", "2000-02-29" },
    { "int(4107542400),utime(%Y-%m-%d)", "2100-03-01" },
    { "int(1709164800),utime(\"%U %W %V %G %u %j %C %g %h %D %F %T %R %r %I %l %k %P\")",
      "08 09 09 2024 4 060 20 24 Feb 02/29/24 2024-02-29 00:00:00 00:00 12:00:00 AM 12 12  0 am" },
    /* Regular expressions */
    { "str(a b c),regsub(\" \",-,g)", "a-b-c" },
    { "str(/////a///b/c/xzxyz/),regsub(/+,/,g)", "/a/b/c/xzxyz/" },
    { "str(/////a///b/c/xzxyz/),regsub(\"/+\",\"/\",\"g\")", "/a/b/c/xzxyz/" },
    { "str(foobar),regsub(O,x,gi)", "fxxbar" },
    { "str(foobar),regsub(O,x,ig)", "fxxbar" },
    { "str(foobar),regsub(o,x,)", "fxobar" },
    { "str(foobar),regsub(o,)", "fobar" },
    { "str(foobar),regsub(\"(o+)(b)\",\"\\2\\1\")", "fbooar" },
    { "str(foobar),regsub(\"(o+)(b)\",\"\\\\2\\\\1\")", "fbooar" },
    { "str(foobar),regsub(o+,[\\0])", "f[oo]bar" },
    { "str(foobar),regsub(o+,[\\1])", "f[]bar" },
    { "str(foobar),regsub(o+,[\\n])", "f[\x0a]bar" },
    { "str(foobar),regsub(o+,[\\\\x41])", "f[A]bar" },
    { "str(foobar),regsub(o+,[\\\\])", "f[]bar" },
    { "str(foobar),regsub(o*,x,g)", "xfxxbxaxrx" },
    { "str(foobar),regsub(o*,x)", "xfoobar" },
    { "str(foobar),regsub(x*,-,g)", "-f-o-o-b-a-r-" },
    { "str(aaa),regsub(a$,-,g)", "aa-" },
    { "str(),regsub(^,-)", "-" },
    { "str(),regsub(x*,-,g)", "-" },
    { "str(foo bar),regsub(\\s,_)", "foo_bar" },
    { "str(foo.bar),regsub(\"\\\\.\",_)", "foo_bar" },
    { "str(abc),regsub(b,%)", "a%c" },
    { "str(abc),regsub(b,\"'\")", "a'c" },
    { "str(\"a]b\"),regsub(\"]\",_)", "a_b" },
    { "str(foobar),regsub('(f)(o)(o)(b)(a)(r)',\"\\\\6\\\\5\\\\4\\\\3\\\\2\\\\1\")", "raboof" },
    { "str(abcdefghijkl),regsub('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)','<\\10>')", "<a0>l" },
    { "str(abcdefghijkl),regsub('(a)(b)(c)(d)(e)(f)(g)(h)(i)','<\\9\\8>')", "<ih>jkl" },
    { "str(aXbX),regsub('X','')", "abX" },
    { "str(aXbX),regsub('X','',g)", "ab" },
    { "bin(61003a62),regsub(b,x),hex", "61" },
    { "bin(610a62),regsub(a.b,x)", "a\x0a"
                                   "b" },
    { "bin(610a62),regsub(a\\\\nb,x)", "x" },
    { "str(foo),regsub('o',oo,g)", "foooo" },
    { "str(a-b),regsub(a-,)", "b" },
    { "str(foo),regsub(o,\"a\\tb\")", "fa\x09"
                                      "bo" },
    /* JSON */
    { "str(abc),json", "abc" },
    { "bin(c3a9),json", "\\u00c3\\u00a9" },
    { "bin(8061),json(utf8s)", "a" },
    { "bin(61f09f988062),json(utf8s)", "ab" },
    { "bin(e08081),json(utf8p)", "\\u0001" },
    { "bin(eda08061),json(utf8ps)", "a" },
    { "bin(efbfbf61),json(utf8s)", "a" },
    { "bin(61e28262),json(utf8ps)", "ab" },
    { "str('{\"a\":false}'),json_query('$.a')", "0" },
    { "str('{\"a\":1.5}'),json_query('$.a')", "1.5" },
    { "str('{\"a.b\":2}'),json_query('$.a\\\\.b')", "-" },
    { "str('{\"a\":12345678901234567890}'),json_query('$.a')", "1.23457e+19" },
    { "str('{\"a\":1}'),json_query('$.a',\"\")", "1" },
    { "str('{\"a\":1}'),json_query('.a')", "-" },
    { "str('[1,2,3]'),json_query($[2])", "3" },
    { "str('[1,2,3]'),json_query($[*])", "1" },
    { "str('[[1,2],[3]]'),json_query($[1][0])", "3" },
    { "str('true'),json_query($)", "1" },
    { "str('{\"a\":\"\\u0041b\\n\\\"c\"}'),json_query($.a)", "Ab\x0a\"c" },
    { "str('{\"a\":\"x\\/y\"}'),json_query($.a)", "-" },
    { "str('{a:1}'),json_query($.a)", "-" },
    { "str('{\"a\":tru}'),json_query($.a)", "-" },
    { "str('{\"a\":1} x'),json_query($.a)", "1" },
    { "str('{\"a\":1E5}'),json_query($.a)", "100000" },
    { "str([{\"a\":1}]),json_query($[0].a)", "-" },
    { "str('{\"a\":{\"b\":1},\"c\":{\"b\":2}}'),json_query($.c.b)", "2" },
    { "str('{\"a\":[1],\"b\":[2,3]}'),json_query($.a[1])", "-" },
    { "str('{\"aa\":1,\"a\":2}'),json_query($.a)", "2" },
    { "str('{\"a\":1,\"aa\":2}'),json_query($.aa)", "2" },
    { "str('{\"a\\\"b\":1}'),json_query('$.a\\\"b')", "-" },
    { "str('{\"a\":\"\\u00-1\"}'),json_query($.a),hex", "61" },
    { "str('{\"a\":\"b\\q\"}'),json_query($.a)", "-" },
    { "str('{\"a\":-.5}'),json_query($.a)", "-0.5" },
    { "str('{\"a\":-0x1f}'),json_query($.a,int)", "-31" },
    { "str('{\"a\":1.5.5}'),json_query($.a)", "1.5" },
    { "str('{\"a\":1234565}'),json_query($.a)", "1.23456e+06" },
    { "str('{\"a\":1.0000005}'),json_query($.a)", "1" },
    { "str('{\"a\":5e-324}'),json_query($.a)", "0" },
    { "str('{\"a\":tr'),json_query($.a)", "-" },
    { "str(\"[{\\\"a\\\":12.5},-2,\\\"qq\\\",3]\"),json_query(\"$[2]\")", "qq" },
    { "str(\"[{\\\"\\\":[],\\\"ab\\\" "
      ":1.,\\\"a.b\\\":12.5},-2,\\\"q\\\\\\\\\\\"]\"),json_query(\"$[2]\")",
      "-" },
    { "str(\"\\\"q\\\\\\\\\\\"\"),json_query(\"$\")", "q\\" },
    { "str('\"q\\\\z\"'),json_query(\"$\")", "q\\z" },
    { "int(-9223372036854775808),sub(-1)", "-9223372036854775807" },
    { "int(-9223372036854775807),sub(-9223372036854775808)", "1" },
    { "str(\"[1.e,2]\"),json_query($[1])", "2" },
    { "str(\"[1.5e+,2]\"),json_query($[1])", "2" },
    { "str(\"[1E,2]\"),json_query($[1])", "2" },
    /* Variables */
    { "str(x),set-var(txn.a)", "x" },
    { "str(x),set-var(txn.d,ifnotset)", "x" },
    { "str(x),set-var(txn.d),unset-var(txn.d),set-var(txn.d,ifnotset)", "x" },
    { "str(x),set-var(txn.d),unset-var(txn.d),set-var(txn.d,ifexists)", "-" },
    { "str(x),set-var(txn.d),unset-var(txn.d),set-var(txn.d,ifnotexists)", "x" },
    { "int(5),set-var(txn.e),add(1),set-var(txn.e,iflt)", "6" },
    { "int(5),set-var(txn.e),add(-1),set-var(txn.e,ifgt)", "4" },
    { "int(5),set-var(txn.e),add(-1),set-var(txn.e,iflt)", "-" },
    { "int(5),set-var(txn.e),set-var(txn.e,ifgt)", "-" },
    { "int(5),set-var(txn.f,iflt)", "5" },
    { "int(5),set-var(txn.f,ifset,ifnotset)", "-" },
    { "int(5),set-var(req.a)", "5" },
    { "int(5),set-var(res.a)", "-" },
    { "bool(true),set-var(txn.m),not,set-var(txn.m,ifgt)", "0" },
    { "str(a),add_item(x,txn.none,)", "a" },
    { "str(a),,lower", "a" },
    { "str(a),field(1,\":)\")", "a" },
    { "str('a b'),ltrim(\"a \")", "b" },
    { "str(\"a'b\"),ltrim(\"a'\")", "b" },
    { "ipv6(::1),length", "3" },
    { "bool(false),upper", "0" },
    { "int(-5),base64", "//////////s=" },
    { "bool(true),sha1,hex", "CB473678976F425D6EC1339838F11011007AD27D" },
    { "bin(61623a63),field(1,:)", "ab" },
    { "bin(3132),hex2i", "18" },
    { "str(a3),odd", "0" },
    /* Types between converters */
    { "bin(3120),rtrim(\" \"),add(1)", "2" },
    { "bin(3120),ltrim(\" \"),add(1)", "2" },
    { "bin(3120),cut_crlf,add(1)", "2" },
    { "bin(3120),set-var(txn.v),rtrim(\" \"),add(1)", "2" },
    { "bin(3120),regsub(x,y),add(1)", "2" },
    { "bin(3120),regsub(1,2),add(1)", "3" },
    { "str(12),base64,b64dec,set-var(txn.z),add(1)", "-" },
    { "bool(true),set-var(txn.z),upper,add(1)", "2" },
    { "ipv4(1.2.3.4),set-var(txn.z),add(1)", "16909061" },
    { "str(1.2.3.4),ipmask(24),set-var(txn.z),add(1)", "16909057" },
    { "bool(true),add(5),set-var(txn.b),add(1)", "7" },
    { "bool(true),add(5),length", "1" },
    { "bin(00),length", "0" },
    { "bin(00),set-var(txn.z),length", "0" },
    { "bin(610062),length", "1" },
    { "bin(610062),bytes(0,3),length", "1" },
    { "bin(610062),hex", "610062" },
    { "str(%00a%20),url_dec,hex", "006120" },
    { "str(a%00b),url_dec,set-var(txn.v),concat(z),strcmp(txn.v)", "1" },
    { "str(f%000),url_dec,hex2i", "-" },
    { "str(host:8%000),url_dec,host_only", "host" },
    { "str(%00ab),url_dec,ltrim(a),hex", "006162" },
    { "str(QUJD%00QUJD),url_dec,b64dec", "-" },
    { "str(a%00b),url_dec,word(1,b),hex", "6100" },
};

static void check(struct policy_fixture *f, const struct question *q, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *answer = ask(f, q[i].expr);
        if (strcmp(answer, q[i].answer) != 0)
            fail_msg("%s gives '%s' instead of '%s'", q[i].expr, answer, q[i].answer);
    }
}

static void values(void **state)
{
    check(*state, QUESTIONS, ARRAY_LEN(QUESTIONS));
}

/* What a row's own check refuses. */
static void refused(void **state)
{
    static const struct question REFUSED[] = {
        { "str(a),field(0,:)", "! parts count from 1, or from -1 at the end" },
        { "str(a),word(1,)", "! there are no delimiters" },
        { "str(a),concat(b,xyz,c)", "! 'xyz' is no variable" },
        { "str(a),add_item(\",\",,)", "! there is nothing to add: neither a variable nor a text" },
        { "str(a),regsub(,x)", "! the regular expression is empty" },
        { "str(a),regsub(a,b,z)", "! 'z' is no flag: there are 'i' (either case) and 'g' (all)" },
        { "str(a),json(utf9)",
          "! 'utf9' is no encoding: there are ascii, utf8, utf8s, utf8p and utf8ps" },
        { "str(a),json_query(\"\")", "! the path is empty" },
        { "str(a),json_query($.a,str)", "! the type of the result can be 'int'" },
        { "str(a),url_enc(path)", "! there is one way to encode, 'query'" },
        { "str(a),be2dec(:,9)", "! the size of a chunk is 1 to 8 bytes" },
        { "str(a),be2hex(:)", "! a separator needs the size of a chunk, at least 1 byte" },
        { "str(a),be2hex(,0,1)", "! the size of a chunk is at least 1 byte" },
        { "str(a),be2hex(:,1,2)", "! it is 1 to leave out a last chunk that is not whole, else 0" },
        { "str(a),sha2(128)", "! SHA-2 has 224, 256, 384 or 512 bits" },
        { "str(a),digest(sha257)", "! 'sha257' is no digest that libcrypto knows" },
        { "str(a),hmac(sha1,!)", "! this must be base64, or a variable" },
        { "int(0),http_date(0,m)", "! the unit is one of 's', 'ms' and 'us'" },
        { "int(0),set-var(txn.a,ifnot)",
          "! 'ifnot' is no condition: there are ifexists, ifempty, ifset, the same with 'not' "
          "(ifnotset), ifgt and iflt" },
    };

    check(*state, REFUSED, ARRAY_LEN(REFUSED));
}

/* The argument is what the message points at, and the nearest word is named. */
static void points_at_it(void **state)
{
    struct policy_fixture *f = *state;

    ask(f, "str(a),json(utf8z)");
    assert_non_null(strstr(fixture_messages(f), "test:1:13: error: 'utf8z'"));
    assert_non_null(strstr(fixture_messages(f), "did you mean 'utf8"));
}

/* Every value stays within what a sample may have, by its converter's own rule. */
static void bounded(void **state)
{
    static const struct {
        const char *last, *answer;
    } CASES[] = {
        { "length", "16383" },
        { "concat(,,abc),length", "16383" },
        { "hex,length", "16384" },
        { "be2hex(:::,3),length", "16377" },
        { "be2dec(,1),length", "16382" },
        { "base64", "-" },
        { "ub64enc", "-" },
        { "url_enc,length", "16383" },
        { "json,length", "16383" },
        { "regsub(f,/,g),json,length", "-" },
        { "regsub(.,xyz,g),length", "16384" },
    };
    struct policy_fixture *f = *state;
    char expr[2048];

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char *p = expr + sprintf(expr, "str(0123456789abcdef),set-var(txn.a)");
        for (int n = 0; n < 10; n++) p += sprintf(p, ",concat(,txn.a),set-var(txn.a)");
        sprintf(p, ",%s", CASES[i].last);
        assert_string_equal(ask(f, expr), CASES[i].answer);
    }
}

/* A text of 2^n times 16 bytes in a variable. */
static char *long_text(char *p, const char *sixteen, int n)
{
    p += sprintf(p, "str(%s),set-var(txn.a)", sixteen);
    while (n--) p += sprintf(p, ",concat(,txn.a),set-var(txn.a)");
    return p;
}

/* A `g` whose searches each read to the end, or take many steps, is given up: of a text that is
 * long. What looks at a few bytes at a time is not. */
static void replacing_has_a_budget(void **state)
{
    char expr[2048], *p = long_text(expr, "aaaaaaaaaaaaaaaa", 10);

    sprintf(p, ",regsub('a.*b|a',z,g),length");
    assert_string_equal(ask(*state, expr), "-");
    sprintf(p, ",regsub('a.*b|a',z),length");
    assert_string_equal(ask(*state, expr), "16383");
    sprintf(p, ",regsub('a','zz',g),regsub('z','',g),length");
    assert_string_equal(ask(*state, expr), "0");
    p = long_text(expr, "aaaaaaaaaaaaaaaa", 5);
    sprintf(p, ",regsub('a.*b|a',z,g),regsub('z',b,g),length");
    assert_string_equal(ask(*state, expr), "512");
    p = long_text(expr, "aaaaaaaaaaaaaaaX", 10);
    sprintf(p, ",regsub('(a+)+b|a',z,g),length");
    assert_string_equal(ask(*state, expr), "-");
}

/* Our own calendar against the C library's. */
static void dates(void **state)
{
    static const char FORMAT[] = "%F %T %j %w %y %G-%V";
    uint64_t n = 88172645463325252;
    char expr[96], expected[96];

    for (int i = 0; i < 2000; i++) {
        n ^= n << 13;
        n ^= n >> 7;
        n ^= n << 17;
        time_t t = (time_t)(n >> (9 + i % 30)); /* 55 bits and less */
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(expected, sizeof expected, FORMAT, &tm);
        sprintf(expr, "int(%lld),utime(\"%s\")", (long long)t, FORMAT);
        assert_string_equal(ask(*state, expr), expected);
    }
}

/* A value that is found, or not, in so much nesting. */
static void json_nesting(void **state)
{
    char text[256], path[256];

    (void)state;
    for (int depth = 0; depth < 24; depth++) {
        char *t = text, *p = path;
        struct slice value;
        *p++ = '$';
        for (int i = 0; i < depth; i++) {
            *t++ = '[';
            p += sprintf(p, "[0]");
        }
        *t++ = '7';
        for (int i = 0; i < depth; i++) *t++ = ']';
        assert_int_equal(json_find(slice_between(text, t), slice_between(path, p), &value),
                         depth <= JSON_NESTING ? JSON_NUMBER : JSON_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(points_at_it, setup, teardown),
        cmocka_unit_test_setup_teardown(bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(replacing_has_a_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(dates, setup, teardown),
        cmocka_unit_test(json_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
