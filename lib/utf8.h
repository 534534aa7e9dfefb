/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 (RFC 3629), and how much of a screen its characters take. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include "lib/base.h"

#define UTF8_INVALID UINT32_MAX

/** Length of the character at @text, NUL-terminated, and its *@code_point. A byte that begins none
 * is one character, UTF8_INVALID. */
size_t utf8_decode(const char *text, uint32_t *code_point);
/** Length of the character at @text. */
size_t utf8_length(const char *text);
/** Length of the character that ends in front of offset @at of @text, which is not 0. */
size_t utf8_length_before(const char *text, size_t at);
/** Bytes of the sequence that byte @first begins; 1 when it is ASCII, 0 when it begins none. */
size_t utf8_sequence(uint8_t first);
/** Write @code_point (below 0x10000) to @out; returns its length. */
size_t utf8_encode(uint32_t code_point, char out[3]);

/** How many characters there are in @text. */
size_t utf8_count(const char *text);
/** Length of the first @count characters of @text, or of all when there are fewer. */
size_t utf8_prefix(const char *text, size_t count);
/** Length of what of the first @len bytes of @text is whole: without a character that ends behind
 * them. */
size_t utf8_whole(const char *text, size_t len);

/**
 * Is @code_point shown in one column by every screen and terminal? Not so control characters (which
 * a terminal may obey: U+009B is CSI), characters of two columns, and those that combine.
 */
bool utf8_is_one_column(uint32_t code_point);

#endif
