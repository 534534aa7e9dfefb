/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors are sentences. A function that fails returns a negative code from
 * the catalogue and records one sentence: what was tried, on what, what went
 * wrong, what to do next.
 *
 *	return fail(E_TFTP_NOT_FOUND, "%s: no such file on %s", path, host);
 *
 * The catalogue is the concatenation of the rooms' errors.def files, each line
 *
 *	ERROR(TFTP, 2, TFTP_NOT_FOUND, "the server has no such file", "check the path ...")
 *
 * giving the constant E_TFTP_NOT_FOUND (negative int), the short code
 * "E-TFTP-02" that users see, what it means, and the advice of `explain`.
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include "lib/base.h"

enum error_index {
	ERROR_NONE,
#define ERROR(area, number, name, meaning, advice) ERROR_INDEX_##name,
#include "lib/errors.h"
#undef ERROR
	ERROR_COUNT
};

enum error_code {
#define ERROR(area, number, name, meaning, advice) E_##name = -(int)ERROR_INDEX_##name,
#include "lib/errors.h"
#undef ERROR
};

struct error_entry {
	const char *code;    /* "E-DHCP-04" */
	const char *meaning; /* lower-case phrase */
	const char *advice;
};

/** Catalogue entry of @code (a negative E_… value); never NULL. */
const struct error_entry *error_entry(int code);
/** Entry whose short code is @text (case-blind), or NULL. */
const struct error_entry *error_find(const char *text);

/** Record the sentence of a failure and return @code, for `return fail(...)`. */
int fail(int code, const char *fmt, ...) PRINTF(2, 3);
/** Put "fmt: " in front of the sentence that @code recorded; returns @code. */
int fail_context(int code, const char *fmt, ...) PRINTF(2, 3);
/** Sentence of the last failure, without the code; "" when there was none. */
const char *error_text(void);
/** Code of the last failure, 0 when there was none: for callers of a function that says NULL. */
int error_code(void);
/** Sentence that @code recorded last, else the catalogue's meaning of @code; never empty. */
const char *error_sentence(int code);
/** Forget the last failure, so that an old sentence is not taken for a new one's. */
void error_clear(void);
/** Number that scripts see as ${errno} for @code: 0 for 0, else positive; a positive @code (a
 * script's `exit N`) is its own number. */
uint32_t error_errno(int code);

#endif
