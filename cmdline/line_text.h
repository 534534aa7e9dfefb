/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of text with a cursor, as the shell, forms and the settings editor edit it. */
#ifndef CMDLINE_LINE_TEXT_H
#define CMDLINE_LINE_TEXT_H

#include "lib/base.h"

struct line_text {
	char *text;  /* the owner's buffer, NUL-terminated */
	size_t size; /* of the buffer */
	size_t len, cursor;
};

/** Replace the text (cut when too long); the cursor goes to its end. */
void line_text_set(struct line_text *t, const char *text);
/** Put @len bytes of @text, as many as there is room for, in front of the cursor. */
void line_text_insert(struct line_text *t, const char *text, size_t len);
/** Remove @count characters in front of offset @end and put the cursor there. */
void line_text_cut(struct line_text *t, size_t end, size_t count);
/** Do what @key means in a line; false when it means nothing there. */
bool line_text_key(struct line_text *t, int key);

#endif
