/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate_file.h - a certificate that an application logs in with, made on the spot. Private to
 * the files beside it.
 */
#pragma once

#include "kv/base/buf.h"

/* A new RSA key of 2048 bits and its self-signed certificate, good for ten years: appends both to
 * `pem`, and the certificate alone to `certificate`. `name` becomes its common name. */
enum kv_code certificate_file_make(const char *name, struct kv_buf *pem, struct kv_buf *certificate,
                                   struct kv_err *err) kv_must_check;
