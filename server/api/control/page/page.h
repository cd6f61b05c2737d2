/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - the page at / of the control port (docs/page.md), whose files are part of the program.
 *
 * The build makes page_files of what lies beside this (embedded.h). Const: safe from any thread.
 */
#pragma once

#include "kv/http/route.h"

extern const struct kv_route page_routes[]; /* page.c */
