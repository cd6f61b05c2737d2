/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - what a test proves of the tables of docs/parity.md: it names cells, and they hold only
 * when this very process had each of them answered well.
 *
 * A program that links proof.c keeps a list of all that client_send() had answered. One thread
 * sends at a time.
 */
#pragma once

/*
 * Fails the test unless each of `cells` was answered with success in this test's process. A cell
 * is up to three words: operation, key type, and algorithm or (of create, import) curve; or
 * "api-version" and one. Commas in a word stand for several cells:
 *     api_proves("wrapKey,unwrapKey RSA,RSA-HSM RSA-OAEP");
 * The argument is a literal, because `make parity` and lint read it here, too (tests/parity).
 */
void api_proves(const char *cells);
