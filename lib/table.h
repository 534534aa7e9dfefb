/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linker tables: a thing that comes in many kinds (driver, command, setting,
 * URI scheme, image type) registers itself from its own file.
 *
 *	TABLE_ENTRY(command, cmd_echo) = { .name = "echo", ... };
 *	const struct command *c;
 *	table_for_each(command, c) ...
 *
 * The entries of table T are `const struct T` objects in section "tbl_T",
 * between the linker's own symbols __start_tbl_T and __stop_tbl_T. The section
 * name is a C identifier, so GNU ld on host and target alike provides them.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#define TABLE_ENTRY(table, name)                                                                   \
	static const struct table name                                                             \
		__attribute__((section("tbl_" #table), used, aligned(__alignof__(struct table))))

/** Declare the bounds of @table; one line in the header that defines struct @table. */
#define TABLE(table)                                                                               \
	extern const struct table __start_tbl_##table[]                                            \
		__attribute__((weak, visibility("hidden")));                                       \
	extern const struct table __stop_tbl_##table[] __attribute__((weak, visibility("hidden")))

#define table_for_each(table, var) for (var = __start_tbl_##table; var != __stop_tbl_##table; var++)

#endif
