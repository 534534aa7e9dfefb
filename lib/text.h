/* SPDX-License-Identifier: BSD-2-Clause */
/* Small text helpers that C lacks: checked numbers, bounded copies, case-blind compare. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include "lib/base.h"

/** ASCII classes; locale-free and defined for every byte. */
bool is_space(int c);
bool is_digit(int c);
bool is_alpha(int c);
bool is_print(int c);
int to_lower(int c);
/** Value of hexadecimal digit @c, or -1. */
int hex_digit(int c);

/** Copy @src into @dst of @size bytes, always terminated; false when it was cut. */
bool text_copy(char *dst, size_t size, const char *src);
/** Heap copy of the first @len bytes of @s, terminated; NULL when out of memory. */
char *text_dup_len(const char *s, size_t len);
char *text_dup(const char *s);
bool text_equal_nocase(const char *a, const char *b);
/** Does @s begin with @prefix? */
bool text_starts(const char *s, const char *prefix);
bool text_starts_nocase(const char *s, const char *prefix);

/** Copy the word that *@text begins with, behind blanks, to @word, cut at @size, and move *@text
 * behind it; false when there is none. */
bool text_next_word(const char **text, char *word, size_t size);

/**
 * Parse the whole of @s as an unsigned number: @base 0 takes 0x…, 0… (octal)
 * and decimal. False when empty, with other characters, or over 64 bits.
 */
bool text_to_u64(const char *s, unsigned base, uint64_t *value);
/** As text_to_u64, and also refuse values above @max. */
bool text_to_u32(const char *s, unsigned base, uint32_t max, uint32_t *value);
/** Parse dotted-quad @s to host order; false unless exactly four decimal octets. */
bool text_to_ipv4(const char *s, uint32_t *addr);

/** Parse IPv6 address @s (RFC 4291 section 2.2, without a zone). */
bool text_to_ipv6(const char *s, uint8_t address[16]);
/** Write @address as RFC 5952 has it, cut at @size; returns the length of the whole text. */
size_t ipv6_to_text(const uint8_t address[16], char *text, size_t size);

/** Decode hexadecimal text (pairs of digits) to bytes; returns their count or -1. */
long hex_decode(const char *s, size_t len, void *out, size_t max);
/** RFC 4648 base64. Decode returns byte count or -1; encode returns the length without NUL. */
long base64_decode(const char *s, size_t len, void *out, size_t max);
size_t base64_encode(const void *data, size_t len, char *out, size_t size);

#endif
