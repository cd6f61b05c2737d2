/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trim.h - what the start alone needed of the program and its libraries.
 *
 * Thread-safe.
 */
#pragma once

/*
 * Gives back the pages of the program's code, and of that of its libraries: a start touches most of
 * them, and serving few. They stay in the system's cache, and those that are used are mapped again
 * when they are, some at once. Nothing that was written to is touched.
 */
void trim_code(void);
