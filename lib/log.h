/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output to the user and the log.
 *
 * print() is what the user reads: it goes to the console and the ring.
 * log_debug() goes to the console when its area was enabled (`debug=tcp,dhcp:2`
 * on the command line; `all` for every area). To the ring go all lines of
 * level 1; those of level 2 (one a packet) cost nothing while not enabled.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include "lib/base.h"

/** Formatted text to console and ring. No newline is added. */
void print(const char *fmt, ...) PRINTF(1, 2);
void vprint(const char *fmt, va_list ap) PRINTF(1, 0);

/** One line (newline is added) about @area, shown when its level is >= @level (1 or 2). */
void log_debug(const char *area, int level, const char *fmt, ...) PRINTF(3, 4);
/** Enable areas: "tcp,dhcp:2"; later calls add; level 0 turns an area off, "none" all of them. */
void log_enable(const char *areas);
/** Is @area shown at @level? For guarding costly arguments. */
bool log_enabled(const char *area, int level);

/** Name of the @i-th area that there is, in alphabetical order; NULL behind the last. */
const char *log_area_name(unsigned i);
/** The first item of @list (as for log_enable()) whose area there is not, or whose level is not 0
 * to 2, and its length; or NULL. */
const char *log_wrong_area(const char *list, size_t *len);
/** Print the areas that are enabled, as log_enable() takes them. */
void log_print_enabled(void);

/** Position behind the last byte of the ring, for log_line(); it only moves forward. */
uint32_t log_end(void);
/**
 * Copy the first complete line of the ring at or behind *@position to @line, as it stood on the
 * screen in the end: what was redrawn by a carriage return, escape sequences and control
 * characters are left out. *@position moves behind it. False when there is no complete line.
 * A position that the ring has lost means its oldest line; 0 is the first one ever.
 */
bool log_line(uint32_t *position, char *line, size_t size);
/** Ring contents, oldest first, as at most two runs of bytes. */
void log_ring(const char **first, size_t *first_len, const char **second, size_t *second_len);

/** Where print() sends its bytes; set by bios/console.c, by tests on the host. */
extern void (*log_output)(const char *text, size_t len);

#endif
