/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the language among themselves:
 *
 *	lexer.c    a line into simple commands, a command into words; quotes
 *	expand.c   ${…} in a word
 *	options.c  words into a struct call
 *	runner.c   the commands of a line one after the other, their failures
 *	secrets.c  what of a command may be shown
 *	script.c   lines, labels, goto
 *	blocks.c    if and for, over lines
 *	check.c    mistakes that can be seen without running anything
 *	shell.c    lines from the keyboard: line_edit.c, history.c, complete.c; pager.c
 */
#ifndef CMDLINE_INTERPRETER_H
#define CMDLINE_INTERPRETER_H

#include "cmdline/command.h"

#define LINE_BYTES_MAX (64 * 1024)
#define EXPANSION_MAX  (64 * 1024)
#define FRAMES_MAX     16 /* scripts and shells inside each other */

/* ---- lexer.c ---- */

enum separator { THEN_END, THEN_AND, THEN_OR, THEN_ALWAYS };

/** One simple command: words[0..count), not expanded; what stands behind it. */
struct words {
	char **word;
	int count;
	enum separator next;
};
/**
 * Take the next command off *@line, which is cut into words in place; @max
 * words at most. A word beginning with '#' ends the line. An error after
 * fail() when a quote is not closed; *@line then points to it.
 */
int lexer_next(char **line, struct words *words, int max, bool quoting);
/** Has @word quotes inside? */
bool word_is_quoted(const char *word);
/** What @word means: without its quotes, ${…} replaced when @expanding. Heap; NULL after fail(). */
char *word_value(char *word, bool quoting, bool expanding);
/** Write @text as a word that means it to @out, cut at @size: between @quote characters, or with
 * @quote 0 only when it needs them. */
void word_quote(const char *text, char quote, char *out, size_t size);
/** word_value() of each; NULL after fail(). */
char **words_values(const struct words *words, bool quoting, bool expanding);
void words_free(char **values, int count);
/** How many words a line of @len bytes can have at most. */
static inline int lexer_words_max(size_t len)
{
	return (int)(len / 2 + 1);
}

/* ---- options.c ---- */

/** Words of a call (words[0] is the command's name) into @call; argv gets the arguments.
 * 0, a negative error after fail(), or CALL_HELP. */
#define CALL_HELP 1
int options_parse(const struct command *command, char **words, int count, struct call *call);
/**
 * As options_parse(), of words in which ${…} still stands: what depends on values is not looked at.
 * After an error *@bad is the index of the word that it is about.
 */
int options_check(const struct command *command, char **words, int count, int *bad);
/** Usage line, options and details of @command. */
void command_help(const struct command *command);

/* ---- runner.c ---- */

/** Where commands run: a script or a shell, inside another one. */
struct frame {
	struct frame *parent;
	const char *script; /* name for messages; NULL: a shell */
	unsigned line;	    /* number of the line that runs */
	bool stopped;	    /* exit was called … */
	int status;	    /* … with this status */
	bool left_by_goto;  /* a shell: so the line that opened it goes no further */
	struct lines *lines;
	bool extended;	    /* quoting, if and for: "#!ipxe 2" and shells */
	struct loop *loops; /* that run, innermost first */
};
extern struct frame *current_frame;
/** Enter @frame; an error after fail() when too many are open. */
int frame_enter(struct frame *frame);
void frame_leave(struct frame *frame);
/** Is what runs now read with quoting? */
bool quoting_now(void);
/** Run a command whose words are expanded already; @words are not kept. Nothing is reported. */
int command_run(char *const *words, int count);
/** Skip the rest of the current line (goto). */
void line_stop(void);
/** No command runs any more: failures from now on are nobody's. */
void command_forget(void);
/** Note @rc as the last failure, one of the line and of no command; returns @rc. */
int line_failed(int rc);
/** The last command that failed, as ${errno}, ${error} and ${error-code} show it. */
struct last_failure {
	int rc;
	char text[640];
	char code[20];
};
extern struct last_failure last_failure;

/* ---- secrets.c ---- */

/** The command @words as one line for a message, cut with "...". */
void secrets_hide_words(char *const *words, int count, char *buf, size_t size);

/* ---- kernel_cmdline.c ---- */

/** The kernel command line for the screen, cut at @size: as secrets_hide(), and NAME=*** for what
 * it says of secrets that have other values now. */
void cmdline_hide_secrets(const char *cmdline, char *text, size_t size);

/* ---- script.c ---- */

/** The lines of a script. */
struct lines {
	const char *text;
	size_t len;
	size_t next;	 /* offset of the line that comes next */
	unsigned number; /* lines before it */
};
/** The lines of @text, behind a byte order mark. */
struct lines lines_of(const char *text, size_t len);
/**
 * Next logical line (continuations joined, CR stripped) as a heap string;
 * *@line NULL at the end. @number: that of its first physical line.
 */
int lines_next(struct lines *lines, char **line, unsigned *number);
/** The label of @line (":name…") and its length, or NULL. */
const char *line_label(const char *line, size_t *len);
/** What runs of @line: without its label. */
char *line_commands(char *line);
/** The frame in whose lines `goto` looks for labels: from a shell, those of the script that opened
 * it. NULL: none. */
struct frame *frame_of_labels(void);
/** Continue the running script at @label; shells that it opened end. Error after fail() when there
 * is none. */
int script_goto(const char *label);
/** The number in the first line, "#!ipxe 2"; 1 without one, 0 without such a line. */
unsigned script_version(const char *text, size_t len);
/** Run the lines of @frame, which has been entered, until one fails or the frame is stopped. */
int lines_run(struct frame *frame);

/* ---- blocks.c ---- */

enum keyword {
	KEYWORD_NONE,
	KEYWORD_IF,
	KEYWORD_ELSE,
	KEYWORD_ENDIF,
	KEYWORD_FOR,
	KEYWORD_ENDFOR,
};
/** The keyword that @commands, a line without its label, begins with; *@rest is what follows. */
enum keyword keyword_of(const char *commands, const char **rest);
/** Is there nothing in @rest of a line, or only a comment? */
bool line_is_empty(const char *rest);
/** Run a line of an extended script or shell. */
int blocks_run(struct frame *frame, char *commands);
/** The lines of @frame go on somewhere else: end the loops that do not reach there. */
void blocks_jumped(struct frame *frame);
/** End all loops of @frame. */
void blocks_leave(struct frame *frame);
/** Does a block that @text, lines from the keyboard, begins wait for its end? */
bool blocks_are_open(const char *text);

/* ---- check.c ---- */

/** Print a warning for each thing in a script that will fail when it is reached. */
void script_check(const char *name, const char *text, size_t len);
/** Print every mistake of a script; how many there are. */
unsigned script_lint(const char *name, const char *text, size_t len);

/* ---- line_edit.c ---- */

/** Wait for a key until @deadline: the key, E_CANCELLED (Ctrl-C) or E_TIMEOUT. */
int key_wait(uint64_t deadline);

/** As line_read(), with a time limit; the error goes to *@rc, without a sentence. With @history it
 * is a line of the shell: earlier lines, a search in them (Ctrl-R), and completion (Tab). */
struct history;
char *line_edit(const char *prompt, const char *initial, bool secret, struct history *history,
		uint64_t deadline, int *rc);

/* ---- history.c ---- */

#define HISTORY_MAX  64
#define HISTORY_NONE UINT32_MAX
struct history {
	char *line[HISTORY_MAX]; /* oldest first */
	unsigned count;
};
/** Append @line unless it repeats the last one. */
void history_add(struct history *history, const char *line);
void history_clear(struct history *history);
/** Index of the newest line below @before that contains @part, or HISTORY_NONE. */
unsigned history_find(const struct history *history, const char *part, unsigned before);

/* ---- complete.c ---- */

#define COMPLETIONS_MAX 512
/** Words that may stand in place of line[start..cursor), sorted; one that is whole ends with a
 * blank. */
struct completions {
	size_t start;
	char **word;
	unsigned count;
};
/** What may the word at @cursor of @line become? To be freed. */
void complete(const char *line, size_t cursor, struct completions *completions);
void completions_free(struct completions *completions);

/* ---- pager.c ---- */

/** From here to pager_stop(), what the shell's command prints stops at the end of each page. */
void pager_start(void);
void pager_stop(void);

#endif
