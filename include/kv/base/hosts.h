/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/hosts.h - which names mean this machine, for the gates of the control port.
 *
 * A page in a browser can send requests to any loopback port: under a name whose DNS entry points
 * here, or across origins. Both show in the headers the browser sends. Pure functions; safe from
 * any thread.
 */
#pragma once

#include <stdbool.h>

/*
 * True for localhost, 127.0.0.1, [::1] and host.docker.internal, in any case, with or without a
 * port: what a Host header may hold.
 */
bool kv_host_is_local(const char *authority);

/*
 * True for what only those in the same network call a machine: an IP address (an IPv6 one in
 * brackets), a name of one label, a name below a domain that nobody can own (RFC 6761, RFC 8375's
 * kin, those of Kubernetes). No page can have its own DNS say that such a name is us. With or
 * without a port.
 */
bool kv_host_is_sibling(const char *authority);

/* True for http:// or https:// before a local host and nothing after it: an Origin header. */
bool kv_origin_is_local(const char *origin);
