/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and the language that runs them.
 *
 * A command is one TABLE_ENTRY(command, …) in a file of cmdline/commands/:
 *
 *	static const struct option echo_options[] = { { 'n', "n", OPTION_FLAG, "no newline" } };
 *	TABLE_ENTRY(command, cmd_echo) = { "echo", "[text…]", "Print text", echo_options, 1,
 *					   0, ARGS_ANY, run_echo };
 */
#ifndef CMDLINE_COMMAND_H
#define CMDLINE_COMMAND_H

#include "lib/base.h"
#include "lib/table.h"

enum option_kind {
	OPTION_FLAG,   /* present or not */
	OPTION_TEXT,   /* a string */
	OPTION_NUMBER, /* strtoul base 0 */
	OPTION_MS,     /* a number of milliseconds; more than OPTION_MS_MAX are that many */
	OPTION_KEY,    /* one character or an integer */
};

#define OPTION_MS_MAX INT32_MAX /* three weeks */

struct option {
	char short_name; /* 0: none */
	const char *long_name;
	enum option_kind kind;
	const char *help; /* one phrase for help COMMAND */
};

/** Parsed arguments of a call; option values by index into the command's option table. */
struct call {
	const struct command *command;
	int argc; /* positional arguments */
	char **argv;
	struct {
		bool given;
		const char *text;
		uint64_t number;
	} option[16];
};

#define ARGS_ANY 1000

struct command {
	const char *name;
	const char *arguments; /* usage text behind the options: "<uri> [<arguments>…]" */
	const char *summary;   /* one sentence */
	const struct option *options;
	unsigned option_count;
	int min_args, max_args;
	/** 0, or a negative error after fail(); E_EXIT etc. are the interpreter's own. */
	int (*run)(struct call *call);
	const char *details; /* more for help COMMAND; may be NULL */
	/** Its failure is an answer (isset, iseq): not reported while a script handles it. */
	bool test;
	/**
	 * Options may stand behind arguments, although there may be any number of
	 * those (a list of names or URIs). Without it the arguments of a command
	 * that takes ARGS_ANY are free text, and the first one ends the options;
	 * commands that take fewer accept options anywhere.
	 */
	bool options_anywhere;
};
TABLE(command);

const struct command *command_find(const char *name);

/** Run one line as iPXE does: `a && b || c ; d`. Returns the last status and sets ${errno}; a
 * failure has been printed. */
int command_line(const char *line);
/** Expand ${…} in @text into a new heap string; NULL after fail() (too deep, too long). */
char *expand(const char *text);
/** argv[from..] joined with single blanks; heap string. */
char *join_args(const struct call *call, int from);
/** Print the failure @rc as one line: "SCRIPT:LINE: command as expanded: sentence (E-AREA-NN)",
 * secrets as ***, unless it was printed already. Harmless with 0. */
void report_failure(int rc);
/** End the running script, or shell, with @status as soon as the current command returns
 * (`exit`, `chain --replace`). Returns @status. */
int script_stop(int status);

/** Does lock=1 forbid the shell, and every offer of it? */
bool shell_locked(void);
/** Interactive shell until `exit`; returns its status. */
int shell_run(void);
/** Edit a line at @prompt, starting from @initial; heap string or NULL on Ctrl-C. */
char *line_read(const char *prompt, const char *initial, bool secret);
/** Is @text a script by its first line (#!ipxe, #!gpxe; BOM, CRLF, blank lines accepted)? */
bool script_probe(const char *text, size_t len);
/** Run a script's text; @name for messages. */
int script_run(const char *name, const char *text, size_t len);

/** Seed settings from the kernel command line; returns the script part (heap) or NULL. */
char *cmdline_seed(const char *cmdline);

#endif
