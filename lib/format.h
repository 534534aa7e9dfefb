/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text formatting into a caller's buffer: a printf subset without floating
 * point: %d %i %u %x %X %o %c %s %p %%, flags - 0 # + space, width, precision,
 * `*`, and the sizes hh h l ll z t j.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include "lib/base.h"

/**
 * Format into @buf, at most @size bytes including the final NUL (none is
 * written when @size is 0). Returns the length that the whole text has.
 */
size_t format(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);
size_t vformat(char *buf, size_t size, const char *fmt, va_list ap) PRINTF(3, 0);

/** Where formatted text goes, run by run. */
typedef void (*format_sink)(void *ctx, const char *text, size_t len);
/** Format into @sink; returns the number of bytes handed to it. */
size_t vformat_to(format_sink sink, void *ctx, const char *fmt, va_list ap) PRINTF(3, 0);

/** Append formatted text to the NUL-terminated string in @buf, cut at @size bytes. */
void format_append(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);

/* For addresses in a format string: format(b, n, "at " IPV4_FMT, IPV4_ARG(addr)),
 * with addr a uint32_t in host order; MAC_FMT with a pointer to six bytes. */
#define IPV4_FMT "%u.%u.%u.%u"
#define IPV4_ARG(a)                                                                                \
	(unsigned)((a) >> 24), (unsigned)((a) >> 16 & 255), (unsigned)((a) >> 8 & 255),            \
		(unsigned)((a)&255)
#define MAC_FMT	   "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARG(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

#endif
