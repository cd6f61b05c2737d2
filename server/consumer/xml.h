/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h - text of others as text of XML. Pure; any thread. */
#pragma once

#include <stddef.h>

#include "kv/base/buf.h"

/*
 * Appends at most `max` characters of it, "…" for what follows them. What means something in XML is
 * written as a reference; what XML 1.0 (§2.2) cannot have, bytes that are no UTF-8 among it, as "?".
 */
enum kv_code xml_write(struct kv_buf *out, const char *text, size_t max,
                       struct kv_err *err) kv_must_check;
