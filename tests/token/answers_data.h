/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers_data.h - published examples of the algorithms, as rows: RFC 3394, 5649, 4868, 7515, 7516
 * and 7518, NIST SP 800-38A, the GCM specification of McGrew and Viega. Included once.
 */
#pragma once

/* clang-format off */
/* In hexadecimal; what an algorithm does not have is NULL. */
static const struct symmetric_row {
    const char *alg, *source;
    const char *key, *plain, *iv, *aad, *cipher, *tag;
} symmetric_rows[] = {
    { .alg = "A128CBC", .source = "SP 800-38A F.2",
      .key = "2b7e151628aed2a6abf7158809cf4f3c",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c"
                "46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .cipher = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6"
                "b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    },
    { .alg = "A192CBC", .source = "SP 800-38A F.2",
      .key = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c"
                "46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .cipher = "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b24"
                "2012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    },
    { .alg = "A256CBC", .source = "SP 800-38A F.2",
      .key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
      .plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c"
                "46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      .iv = "000102030405060708090a0b0c0d0e0f",
      .cipher = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f233"
                "69a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
    },
    { .alg = "A128CBCPAD", .source = "RFC 7518 B.1 to B.3",
      .key = "101112131415161718191a1b1c1d1e1f",
      .plain = "41206369706865722073797374656d206d757374206e6f742062652072657175697265"
                "6420746f206265207365637265742c20616e64206974206d7573742062652061626c65"
                "20746f2066616c6c20696e746f207468652068616e6473206f662074686520656e656d"
                "7920776974686f757420696e636f6e76656e69656e6365",
      .iv = "1af38c2dc2b96ffdd86694092341bc04",
      .cipher = "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9"
                "b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c703233609d45ac69864"
                "e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078"
                "158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b947"
                "3c82e2db",
    },
    { .alg = "A192CBCPAD", .source = "RFC 7518 B.1 to B.3",
      .key = "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
      .plain = "41206369706865722073797374656d206d757374206e6f742062652072657175697265"
                "6420746f206265207365637265742c20616e64206974206d7573742062652061626c65"
                "20746f2066616c6c20696e746f207468652068616e6473206f662074686520656e656d"
                "7920776974686f757420696e636f6e76656e69656e6365",
      .iv = "1af38c2dc2b96ffdd86694092341bc04",
      .cipher = "ea65da6b59e61edb419be62d19712ae5d303eeb50052d0dfd6697f77224c8edb000d27"
                "9bdc14c1072654bd30944230c657bed4ca0c9f4a8466f22b226d1746214bf8cfc2400a"
                "dd9f5126e479663fc90b3bed787a2f0ffcbf3904be2a641d5c2105bfe591bae23b1d74"
                "49e532eef60a9ac8bb6c6b01d35d49787bcd57ef484927f280adc91ac0c4e79c7b11ef"
                "c60054e3",
    },
    { .alg = "A256CBCPAD", .source = "RFC 7518 B.1 to B.3",
      .key = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
      .plain = "41206369706865722073797374656d206d757374206e6f742062652072657175697265"
                "6420746f206265207365637265742c20616e64206974206d7573742062652061626c65"
                "20746f2066616c6c20696e746f207468652068616e6473206f662074686520656e656d"
                "7920776974686f757420696e636f6e76656e69656e6365",
      .iv = "1af38c2dc2b96ffdd86694092341bc04",
      .cipher = "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c30"
                "1dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b36ebd9706629"
                "6ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410a"
                "e496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d"
                "0703b1f6",
    },
    { .alg = "A128CBCPAD", .source = "RFC 7516 A.2, A.3",
      .key = "6b7cd42d6f6b09dbc8b100f08f9c2ccf",
      .plain = "4c697665206c6f6e6720616e642070726f737065722e",
      .iv = "03163c0c2b4368696c6c69636f746865",
      .cipher = "283953b577218594c6b9f31898e6064b81df7f13d252b7e6a821d7688f703866",
    },
    { .alg = "A128GCM", .source = "GCM specification, case 4",
      .key = "feffe9928665731c6d6a8f9467308308",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c"
                "95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .cipher = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514"
                "b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
      .tag = "5bc94fbc3221a5db94fae95ae7121a47",
    },
    { .alg = "A192GCM", .source = "GCM specification, case 10",
      .key = "feffe9928665731c6d6a8f9467308308feffe9928665731c",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c"
                "95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .cipher = "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d"
                "00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
      .tag = "2519498e80f1478f37ba55bd6d27618c",
    },
    { .alg = "A256GCM", .source = "GCM specification, case 16",
      .key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c"
                "95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      .iv = "cafebabefacedbaddecaf888",
      .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      .cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e"
                "48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
      .tag = "76fc6ece0f4e1768cddf8853bb2d551b",
    },
    { .alg = "A256GCM", .source = "RFC 7516 A.1",
      .key = "b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc",
      .plain = "5468652074727565207369676e206f6620696e74656c6c6967656e6365206973206e6f"
                "74206b6e6f776c656467652062757420696d6167696e6174696f6e2e",
      .iv = "e3c575fc02dbe944b4e14ddb",
      .aad = "65794a68624763694f694a53553045745430464655434973496d567559794936496b45"
                "794e545a48513030696651",
      .cipher = "e5eca6f135bf73c4ae2b496d277ae9608cce783433ed300bbedbba506f68328e2fa73b"
                "3db57fc4152852f2207b8fa8e249d8b0908af76a3c10cda06d403fc0",
      .tag = "5c5068318519a1d7ad65dbd3885bd291",
    },
    { .alg = "A128KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f",
      .plain = "00112233445566778899aabbccddeeff",
      .cipher = "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
    },
    { .alg = "A192KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f1011121314151617",
      .plain = "00112233445566778899aabbccddeeff",
      .cipher = "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d",
    },
    { .alg = "A192KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f1011121314151617",
      .plain = "00112233445566778899aabbccddeeff0001020304050607",
      .cipher = "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
    },
    { .alg = "A256KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      .plain = "00112233445566778899aabbccddeeff",
      .cipher = "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
    },
    { .alg = "A256KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      .plain = "00112233445566778899aabbccddeeff0001020304050607",
      .cipher = "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1",
    },
    { .alg = "A256KW", .source = "RFC 3394 4",
      .key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      .plain = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
      .cipher = "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b"
                "9b7a02dd21",
    },
    { .alg = "A128KW", .source = "RFC 7516 A.3",
      .key = "19ac2082e1721ab58a6afec05f854a52",
      .plain = "04d31fc5549dfcfe0b649dfa3faa6ace6b7cd42d6f6b09dbc8b100f08f9c2ccf",
      .cipher = "e8a07bd3b74cf584c8807b4bbed81643c98ac1ba095b7a1ff65a1c8b39034c7cc10b62"
                "25ad3d6839",
    },
    { .alg = "CKM_AES_KEY_WRAP", .source = "RFC 3394 4.4",
      .key = "000102030405060708090a0b0c0d0e0f1011121314151617",
      .plain = "00112233445566778899aabbccddeeff0001020304050607",
      .cipher = "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
    },
    { .alg = "CKM_AES_KEY_WRAP_PAD", .source = "RFC 5649 6",
      .key = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
      .plain = "c37b7e6492584340bed12207808941155068f738",
      .cipher = "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
    },
    { .alg = "CKM_AES_KEY_WRAP_PAD", .source = "RFC 5649 6",
      .key = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
      .plain = "466f7250617369",
      .cipher = "afbeb0f07dfbf5419200f2ccb50bb24f",
    },
};

/* Private RSA keys by the members of their JWK. */
enum { KEY_7515_A2, KEY_7516_A1, KEY_7516_A2, KEYS };
static const struct jwk {
    const char *n, *e, *d, *p, *q, *dp, *dq, *qi;
} jwks[KEYS] = {
    [KEY_7515_A2] = { /* RFC 7515 A.2 */
        .n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4"
            "qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2j"
            "Z47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W"
            "TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK"
            "-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        .e = "AQAB",
        .d = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKM"
            "gvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaY"
            "LU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0"
            "ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDV"
            "ZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
        .p = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58B"
            "Q3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn"
            "-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        .q = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1"
            "ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTl"
            "tRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        .dp = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9Ykx"
            "vuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vn"
            "eTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        .dq = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB"
            "719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZ"
            "nOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        .qi = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq"
            "2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgf"
            "p_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
    },
    [KEY_7516_A1] = { /* RFC 7516 A.1 */
        .n = "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M7"
            "0imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3ues"
            "H-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4"
            "h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzK"
            "sNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
        .e = "AQAB",
        .d = "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1"
            "j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iw"
            "WRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Rip"
            "y40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-"
            "K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
        .p = "1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7"
            "JXroSBjSrK3YIQgYdMgyAEPTPjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2"
            "vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
        .q = "wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_"
            "8Fyw1YYa9XGrGnDew00J28cRUoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEB"
            "Rzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
        .dp = "ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJW"
            "DxS5pFQ_M0evdo1dKiRTjVw_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0"
            "Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
        .dq = "Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4"
            "YZa9hNVcsjqA3FeiL19rk8g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b"
            "-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
        .qi = "VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t"
            "16VFd7hQd0y6flUK4SlOydB61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUd"
            "ybVzxyjz9JF_XyaY14ardLSjf4L_FNY",
    },
    [KEY_7516_A2] = { /* RFC 7516 A.2 */
        .n = "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5p"
            "cM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTO"
            "Q5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75"
            "IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLq"
            "HpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw",
        .e = "AQAB",
        .d = "VFCWOqXr8nvZNyaaJLXdnNPXZKRaWCjkU5Q2egQQpTBMwhprMzWzpR8Sxq1OPThh_J6MUD"
            "8Z35wky9b8eEO0pwNS8xlh1lOFRRBoNqDIKVOku0aZb-rynq8cxjDTLZQ6Fz7jSjR1Klop"
            "-YKaUHc9GsEofQqYruPhzSA-QgajZGPbE_0ZaVDJHfyd7UUBUKunFMScbflYAAOYJqVIVw"
            "aYR5zWEEceUjNnTNo_CVSj-VvXLO5VZfCUAVLgW4dpf1SrtZjSt34YLsRarSb127reG_DU"
            "wg9Ch-KyvjT1SkHgUWRVGcyly7uvVGRSDwsXypdrNinPA4jlhoNdizK2zF2CWQ",
        .p = "9gY2w6I6S6L0juEKsbeDAwpd9WMfgqFoeA9vEyEUuk4kLwBKcoe1x4HG68ik918hdDSE9v"
            "DQSccA3xXHOAFOPJ8R9EeIAbTi1VwBYnbTp87X-xcPWlEPkrdoUKW60tgs1aNd_Nnc9LEV"
            "VPMS390zbFxt8TN_biaBgelNgbC95sM",
        .q = "uKlCKvKv_ZJMVcdIs5vVSU_6cPtYI1ljWytExV_skstvRSNi9r66jdd9-yBhVfuG4shsp2"
            "j7rGnIio901RBeHo6TPKWVVykPu1iYhQXw1jIABfw-MVsN-3bQ76WLdt2SDxsHs7q7zPyU"
            "yHXmps7ycZ5c72wGkUwNOjYelmkiNS0",
        .dp = "w0kZbV63cVRvVX6yk3C8cMxo2qCM4Y8nsq1lmMSYhG4EcL6FWbX5h9yuvngs4iLEFk6eAL"
            "oUS4vIWEwcL4txw9LsWH_zKI-hwoReoP77cOdSL4AVcraHawlkpyd2TWjE5evgbhWtOxnZ"
            "ee3cXJBkAi64Ik6jZxbvk-RR3pEhnCs",
        .dq = "o_8V14SezckO6CNLKs_btPdFiO9_kC1DsuUTd2LAfIIVeMZ7jn1Gus_Ff7B7IVx3p5KuBG"
            "OVF8L-qifLb6nQnLysgHDh132NDioZkhH7mI7hPG-PYE_odApKdnqECHWw0J-F0JWnUd6D"
            "2B_1TvF9mXA2Qx-iGYn8OVV1Bsmp6qU",
        .qi = "eNho5yRBEBxhGBtQRww9QirZsB66TrfFReG_CcteI1aCneT0ELGhYlRlCtUkTRclIfuEPm"
            "NsNDPbLoLqqCVznFbvdB7x-Tl-m0l_eFTj2KiqwGqE9PZB9nNTwMVvH3VRRSLWACvPnSiw"
            "P8N5Usy-WRXS-V7TbpxIhvepTfE0NNo",
    },
};

/* The rest in base64url, too. */
static const struct {
    const char *alg;
    int key;
    const char *plain, *cipher;
} decryption_rows[] = {
    { "RSA-OAEP", KEY_7516_A1, "saH0gFSP4XM_tAP_a5rU9ooHbltwLiJpL4LLLnrqQPw",
      "OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY"
      "3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Z"
      "ms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-"
      "vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBco"
      "h9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg" },
    { "RSA1_5", KEY_7516_A2, "BNMfxVSd_P4LZJ36P6pqzmt81C1vawnbyLEA8I-cLM8",
      "UGhIOguC7IuEvf_NPVaXsGMoLOmwvc1GyqlIKOK1nN94nHPoltGRhWhw7Zx0-kFm1NJn8L"
      "E9XShH59_i8J0PH5ZZyNfGy2xGdULU7sHNF6Gp2vPLgNZ__deLKxGHZ7PcHALUzoOegEI-"
      "8E66jX2E4zyJKx-YxzZIItRzC5hlRirb6Y5Cl_p-ko3YvkkysZIFNPccxRU7qve1WYPxqb"
      "b2Yw8kZqa2rMWI5ng8OtvzlV7elprCbuPhcCdZ6XDP0_F8rkXds2vE4X-ncOIM8hAYHHi2"
      "9NX0mcKiRaD0-D-ljQTP-cFPgwCp6X-nZZd9OHBv-B3oWh2TbqmScqXMR4gp_A" },
};

/* RFC 7515 A.2: PKCS #1 v1.5 has one signature only. */
static const char rs256_digest[] = "yIo0hHtP-xKpMm5UDxRLPcxNVRXxhwHn1uDueGbJxwU";
static const char rs256_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm"
    "4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--"
    "f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc"
    "OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/* clang-format on */
