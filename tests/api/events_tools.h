/* SPDX-License-Identifier: Apache-2.0 */
/* events_tools.h - a daemon that sends events to a receiver of the test's own. */
#pragma once

#include "../support/api.h"
#include "receiver.h"

#define EVENTS_START 1669071668L /* 2022-11-21T23:01:08Z */
#define EVENTS_DAY 86400L

/* The daemon of a test: vault dev, frozen clock, --event-webhook to that receiver. Further options end
 * with NULL. */
void events_daemon(struct daemon *own, const struct receiver *receiver, const char *const *more);
void events_restart(struct daemon *own, const struct receiver *receiver, const char *const *more);

/* Creates an EC key that expires so many seconds after EVENTS_START; 0: never. */
void events_key(const struct daemon *own, const char *name, long expires);

/* /control/v1/events with that behind it; a body makes it a POST. */
struct reply events_ask(const struct daemon *own, const char *behind, const char *body);
/* Waits for so many of that state; the test fails when they do not come. */
void events_await(const struct daemon *own, const char *state, int count);

/* What is different from run to run replaced: port, GUIDs, versions, dates of the system. */
void events_mask(const struct daemon *own, char *text);
