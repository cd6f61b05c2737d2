/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature_data.h - published signatures that verify: of the service (contract §17) and of RFC
 * 7515. In base64url. Included once.
 */
#pragma once

#include "kv/custody/custody.h"

/* clang-format off */
static const struct ecdsa_row {
    const char *source;
    enum kv_alg alg;
    const char *x, *y, *digest, *signature;
} ecdsa_rows[] = {
    { "contract 17, ES256", KV_ALG_ES256,
      "zsE43OsUkUpDnKo7Af8POGuV_QPlGT2VuMv01fV-07M",
      "aKIef1yovwa25T78ysGSPLEkmxwxW0MZ-pMm96Jrito",
      "YPMYCWi4F5iB0VeftRDvoh3NWmgJncjBwLa45jptbxA",
      "2vc-1WRWf5SSnOeklkaghHK8jugMFbocGLQdn9Zql1HEZ4RPPPp0Si7YrwpGCbCj1hqeALX90ZSGSQseyy_S3w" },
    { "contract 17, ES256K", KV_ALG_ES256K,
      "q3zUeyWUJM3K-lFfq16WW4JxqULMu1pd04d0g6z_J7M",
      "PZjpwUAXzNCjhvTVNSs4wrTTznzp8_-HrnNM53TtNsc",
      "YPMYCWi4F5iB0VeftRDvoh3NWmgJncjBwLa45jptbxA",
      "taMSTMNH7ePkA2WJnH-SoUTSNlZAasrYCk_2YSYLUoLC7LbmEmmXVDCfby3PMbkq6imbBJzgQUnKxNJjmL4usQ" },
    { "RFC 7515 A.3", KV_ALG_ES256,
      "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      "IcZzaPQ2V39Ef4BRYsoTuA0Eaj_kZyR-ZepHeqdQ-i4",
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
    { "RFC 7515 A.4", KV_ALG_ES512,
      "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
      "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
      "66FK7VC4-rwQtgEVh3trK3YpJ6LksI6QuD6TxZ7VqJkZfrOznLC-Fc4xbJ0AI5HnarRz0Rij_jNrUU6gitfr7A",
      "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt"
      "AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn" },
};

/* RFC 7515 A.2 */
static const char rs256_modulus[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4"
    "qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2j"
    "Z47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W"
    "TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK"
    "-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
static const char rs256_digest[] = "yIo0hHtP-xKpMm5UDxRLPcxNVRXxhwHn1uDueGbJxwU";
static const char rs256_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm"
    "4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--"
    "f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc"
    "OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/* clang-format on */
