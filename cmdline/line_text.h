/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of text (UTF-8) with a cursor, as the shell, forms and the settings editor edit it. */
#ifndef CMDLINE_LINE_TEXT_H
#define CMDLINE_LINE_TEXT_H

#include "lib/base.h"

struct line_text {
	char *text;  /* the owner's buffer, NUL-terminated */
	size_t size; /* of the buffer */
	size_t len, cursor;
	bool full; /* something did not fit, and nothing was removed since */
	/* of a character of several bytes, what was typed so far */
	char typed[5];
	size_t typed_len;
};

/** Replace the text (cut when too long); the cursor goes to its end. */
void line_text_set(struct line_text *t, const char *text);
/** Put @len bytes of @text (UTF-8), as many as there is room for, in front of the cursor. */
void line_text_insert(struct line_text *t, const char *text, size_t len);
/** Remove @count bytes in front of offset @end and put the cursor there. */
void line_text_cut(struct line_text *t, size_t end, size_t count);
/** Do what @key means in a line; false when it means nothing there. */
bool line_text_key(struct line_text *t, int key);
/** How many characters there are from offset @from up to the cursor. */
size_t line_text_column(const struct line_text *t, size_t from);
/** How the character at @text is shown in one column, to @cell: as it is, '?', or '*' for a secret;
 * returns its length in @text. */
size_t line_text_cell(const char *text, bool secret, char cell[5]);
/** Is @key a character, or a byte of one (UTF-8)? */
bool key_is_text(int key);

#endif
