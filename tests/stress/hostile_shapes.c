/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#define LINE(method, path) method " " path " HTTP/1.1\r\nHost: $V\r\n"
#define KEYS LINE("GET", "/keys?api-version=7.6")
#define POST(path) LINE("POST", path "?api-version=7.6") "Content-Type: application/json\r\n"
#define PUT(path) LINE("PUT", path "?api-version=7.6") "Content-Type: application/json\r\n"
#define TOKEN "Authorization: Bearer $T\r\n"
#define POOL(path)                                                                                 \
    "POST " path "?api-version=7.6 HTTP/1.1\r\nHost: pool.managedhsm.localhost\r\n"                \
    "Content-Type: application/json\r\nAuthorization: Bearer $M\r\n"
#define BEARER(token) KEYS "Authorization: Bearer " token "\r\n\r\n"
#define BODY "{\"kty\":\"EC\"}"

/* clang-format off */
const struct shape hostile_shapes[] = {
    { "signature of five characters", WAY_ASK, ON_BOTH, BEARER("$K.e30.a===") },
    { "payload of five characters", WAY_ASK, ON_BOTH, BEARER("$K.aaaaa=.AAAA") },
    { "header of a token padded", WAY_ASK, ON_BOTH, BEARER("$K==.e30.AAAA") },
    { "signature that is another", WAY_ASK, ON_BOTH, BEARER("$TAAAA") },
    { "token of nothing but dots", WAY_ASK, ON_BOTH, BEARER("..") },
    { "token of 20 KiB", WAY_ASK, ON_BOTH, KEYS "Authorization: Bearer ", "AAAA", 5000, "\r\n\r\n" },
    { "attestation of five characters", WAY_ASK, ON_TLS, POOL("/keys/free/release"),
      .body = "{\"target\":\"$K.e30.a===\"}" },

    { "500 arguments", WAY_ASK, ON_BOTH, "GET /?", "a=b&", 500, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "510 arguments without values", WAY_ASK, ON_BOTH, "GET /?", "a&", 510, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "5000 arguments", WAY_ASK, ON_BOTH, "GET /?", "a=b&", 5000, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "600 arguments, and away", WAY_RESET, ON_BOTH, "GET /?", "a=b&", 600, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "target of 20 KiB", WAY_ASK, ON_BOTH, "GET /", "aaaa", 5000, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "target of 60 KiB", WAY_ASK, ON_BOTH, "GET /", "aaaa", 15000, " HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "field of 40 KiB", WAY_ASK, ON_BOTH, KEYS "X: ", "aaaa", 10000, "\r\n\r\n" },
    { "500 fields", WAY_ASK, ON_BOTH, KEYS, "A: b\r\n", 500, "\r\n" },
    { "2000 cookies", WAY_ASK, ON_BOTH, KEYS "Cookie: ", "a=b; ", 2000, "\r\n\r\n" },

    { "folded field", WAY_ASK, ON_BOTH, KEYS "X: a\r\n b\r\n\r\n" },
    { "folded length", WAY_ASK, ON_BOTH, POST("/keys/a/create") "X: a\r\n Content-Length: 40\r\n\r\n" KEYS "\r\n" },
    { "folded origin", WAY_ASK, ON_BOTH, KEYS "Accept: */*\r\n Origin: http://evil.example\r\n\r\n" },
    { "NUL in a value", WAY_ASK, ON_BOTH, KEYS "X: a$0b\r\n\r\n" },
    { "bare CR in a value", WAY_ASK, ON_BOTH, KEYS "X: a\rb\r\n\r\n" },
    { "bare LFs", WAY_ASK, ON_BOTH, "GET /keys HTTP/1.1\nHost: $V\n\n" },
    { "blank before the colon", WAY_ASK, ON_BOTH, KEYS "X : a\r\n\r\n" },
    { "no host", WAY_ASK, ON_BOTH, "GET /keys HTTP/1.1\r\n\r\n" },
    { "two hosts", WAY_ASK, ON_BOTH, KEYS "Host: other\r\n\r\n" },
    { "two lengths", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab" },
    { "length below zero", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Content-Length: -1\r\n\r\n" },
    { "length beyond any", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Content-Length: 99999999999999999999999\r\n\r\n" },
    { "chunk without a size", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" },
    { "coding nobody knows", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Transfer-Encoding: brotli\r\n\r\n" },
    { "method nobody knows", WAY_ASK, ON_BOTH, LINE("BREW", "/keys") "\r\n" },
    { "method of 1 KiB", WAY_ASK, ON_BOTH, "G", "ET", 512, " /keys HTTP/1.1\r\nHost: $V\r\n\r\n" },
    { "target with control characters", WAY_ASK, ON_BOTH, LINE("GET", "/keys/%00%0d%0a\x7f") "\r\n" },
    { "absolute target of a stranger", WAY_ASK, ON_BOTH, LINE("GET", "http://evil.example/keys?api-version=7.6") "\r\n" },
    { "absolute target without a token", WAY_ASK, ON_TLS, LINE("GET", "https://$V:8443/keys?api-version=7.6") "\r\n" },
    { "no HTTP", WAY_ASK, ON_BOTH, "nonsense\r\n\r\n" },

    { "head that ends in the middle", WAY_HALF, ON_BOTH, KEYS TOKEN "\r\n" },
    { "head that is reset in the middle", WAY_HALF_RESET, ON_BOTH, KEYS TOKEN "\r\n" },
    { "body that ends in the middle", WAY_HALF, ON_BOTH, POST("/keys/a/create"), .body = "{\"more\":\"", .body_filler = "aaaa", .body_times = 2000, .body_tail = "\"}" },
    { "body that is reset in the middle", WAY_HALF_RESET, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"more\":\"", .body_filler = "aaaa", .body_times = 2000, .body_tail = "\"}" },
    { "request whose answer nobody waits for", WAY_LEAVE, ON_BOTH, KEYS TOKEN "\r\n" },
    { "request that is reset", WAY_RESET, ON_BOTH, POST("/keys/a/sign") TOKEN, .body = "{\"alg\":\"ES256\",\"value\":\"AA\"}" },
    { "ten requests, and away", WAY_RESET, ON_BOTH, "", KEYS TOKEN "\r\n", 10, "" },
    { "TLS that ends after a word", WAY_HELLO, ON_TLS, "" },
    { "TLS that is none", WAY_NO_TLS, ON_TLS, KEYS "\r\n" },
    { "TLS of noise", WAY_NO_TLS, ON_TLS, "\x16\x03\x01\x02$0\x01$0\x01\xfc\x03\x03", "\xa5\x5a", 300, "" },

    { "body of 100 MB, announced", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN "Content-Length: 100000000\r\n\r\n{" },
    { "body that is announced and never sent", WAY_ASK, ON_BOTH, POST("/keys/a/create") "Expect: 100-continue\r\nContent-Length: 100000000\r\n\r\n" },
    { "JSON that is none", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"kty\":" },
    { "JSON 20000 deep", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"a\":", .body_filler = "[", .body_times = 20000 },
    { "JSON of 20000 values", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"a\":[0", .body_filler = ",0", .body_times = 20000, .body_tail = "]}" },
    { "JSON that is no UTF-8", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"kty\":\"\xff\xfe\"}" },
    { "value that is no base64", WAY_ASK, ON_BOTH, POST("/keys/ec/sign") TOKEN, .body = "{\"alg\":\"ES256\",\"value\":\"a===\"}" },
    { "backup of garbage", WAY_ASK, ON_BOTH, POST("/keys/restore") TOKEN, .body = "{\"value\":\"", .body_filler = "QUFBQS5B", .body_times = 1000, .body_tail = "\"}" },
    { "backup that looks like one", WAY_ASK, ON_BOTH, POST("/keys/restore") TOKEN,
      .body = "{\"value\":\"JkF6dXJlS2V5VmF1bHRLZXlCYWNrdXBWMS5taWNyb3NvZnQuY29tZXlKaGJHY2lPaUprYVhJaWZRLkFBLkFBLkFBLkFB\"}" },
    { "transfer of garbage", WAY_ASK, ON_BOTH, PUT("/keys/a") TOKEN, .body = "{\"key\":{\"kty\":\"RSA-HSM\",\"key_hsm\":\"", .body_filler = "QUFB", .body_times = 500, .body_tail = "\"}}" },
    { "key of numbers that do not fit", WAY_ASK, ON_BOTH, PUT("/keys/a") TOKEN, .body = "{\"key\":{\"kty\":\"RSA\",\"n\":\"", .body_filler = "AQAB", .body_times = 5000, .body_tail = "\",\"e\":\"AQ\",\"d\":\"AQ\",\"p\":\"AQ\",\"q\":\"AQ\"}}" },
    { "policy of garbage", WAY_ASK, ON_BOTH, POST("/keys/a/create") TOKEN, .body = "{\"kty\":\"EC\",\"attributes\":{\"exportable\":true},\"release_policy\":{\"data\":\"", .body_filler = "e30", .body_times = 1000, .body_tail = "\"}}" },
    { "create without a right", WAY_ASK, ON_BOTH, POST("/keys/a/create"), .body = BODY },
    { 0 },
};
/* clang-format on */
