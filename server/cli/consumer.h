/* SPDX-License-Identifier: Apache-2.0 */
/* consumer.h - what the commands on consumers share. */
#pragma once

#include <stdio.h>

#include "server.h"

/* Draws a timeline, as the control port answers it, as SVG. KV_INTERNAL when it cannot be written. */
enum kv_code kv_cli_draw_timeline(const cJSON *timeline, FILE *out,
                                  struct kv_err *err) kv_must_check;
