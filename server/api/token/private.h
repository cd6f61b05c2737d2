/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of api/token share. */
#pragma once

#include "kv/app/app.h"

kv_handler_fn token_of_app_service, token_of_imds;
