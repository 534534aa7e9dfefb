/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts by qtest and QMP. */
#define _GNU_SOURCE /* memmem() */
#include "test/r8169/qemu/interrupts.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IOAPIC	   "/machine/i440fx/ioapic"
#define UNATTACHED "/machine/unattached"
#define ANSWER_MS  200
#define LINES	   16u
#define PIC_INPUTS 8u

static int qtest_socket = -1, qmp_socket = -1;
static int unanswered; /* qtest commands */
static char pic[2][128];
static bool ready;			  /* the names are known */
static bool wanted[LINES], driven[LINES]; /* levels */

/* ---- qtest: one line each way ---- */

static void read_answers(void)
{
	char text[4096];
	/* Not read(): what poll() promised may have been taken by await_answers() since. */
	ssize_t n = recv(qtest_socket, text, sizeof(text), MSG_DONTWAIT), i;

	if (n < 0)
		return;
	if (n == 0) {
		qtest_socket = -1;
		return;
	}
	for (i = 0; i < n; i++)
		unanswered -= text[i] == '\n';
	if (memmem(text, (size_t)n, "FAIL", 4))
		fprintf(stderr, "qtest: %.*s\n", (int)n, text);
}

static void await_answers(void)
{
	while (qtest_socket >= 0 && unanswered > 0) {
		struct pollfd p = {qtest_socket, POLLIN, 0};

		if (poll(&p, 1, ANSWER_MS) <= 0) {
			fprintf(stderr, "qtest: no answer within %d ms\n", ANSWER_MS);
			return;
		}
		read_answers();
	}
}

static void command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void command(const char *format, ...)
{
	char text[256];
	va_list args;
	int n;

	if (qtest_socket < 0)
		return;
	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (write(qtest_socket, text, (size_t)n) == n)
		unanswered++;
}

void interrupts_qtest_input(void)
{
	read_answers();
}

/* ---- Lines and messages ---- */

static void drive(unsigned line)
{
	if (!ready || wanted[line] == driven[line])
		return;
	driven[line] = wanted[line];
	command("set_irq_in %s unnamed-gpio-in %u %d\n", pic[line / PIC_INPUTS], line % PIC_INPUTS,
		wanted[line]);
	command("set_irq_in " IOAPIC " unnamed-gpio-in %u %d\n", line, wanted[line]);
}

void interrupts_line(unsigned line, bool level, bool wait)
{
	if (line == 0 || line >= LINES)
		return;
	wanted[line] = level;
	drive(line);
	if (wait && !level)
		await_answers();
}

void interrupts_message(uint64_t address, uint32_t data)
{
	command("writel 0x%llx 0x%x\n", (unsigned long long)address, data);
}

/* ---- QMP: the names of the interrupt controllers ---- */

static void ask(const char *text)
{
	if (write(qmp_socket, text, strlen(text)) < 0)
		perror("QMP");
}

/* The objects of type isa-i8259, in the order of the list: first the master. */
static void find_pics(const char *list)
{
	static const char type[] = "child<isa-i8259>", name[] = "\"name\": \"";
	const char *at = list;
	unsigned found = 0, line;

	while (found < 2 && (at = strstr(at, type))) {
		const char *object = at++;

		while (object > list && *object != '{')
			object--;
		object = strstr(object, name);
		if (!object)
			break;
		object += strlen(name);
		snprintf(pic[found++], sizeof(pic[0]), UNATTACHED "/%.*s",
			 (int)strcspn(object, "\""), object);
	}
	ready = found == 2;
	if (!ready)
		fprintf(stderr, "QMP: no interrupt controllers found; INTx will not work\n");
	for (line = 1; line < LINES; line++)
		drive(line);
}

static void take_line(const char *line)
{
	if (strstr(line, "\"QMP\""))
		ask("{\"execute\":\"qmp_capabilities\"}\n");
	else if (strstr(line, "\"return\": {}"))
		ask("{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"" UNATTACHED "\"}}\n");
	else if (strstr(line, "\"return\": ["))
		find_pics(line);
}

void interrupts_qmp_input(void)
{
	static char text[65536];
	static size_t len;
	ssize_t n = read(qmp_socket, text + len, sizeof(text) - 1 - len);
	char *newline;

	if (n <= 0)
		return;
	len += (size_t)n;
	text[len] = 0;
	while ((newline = strchr(text, '\n'))) {
		*newline = 0;
		take_line(text);
		len -= (size_t)(newline + 1 - text);
		memmove(text, newline + 1, len + 1);
	}
}

void interrupts_start(int qtest, int qmp)
{
	qtest_socket = qtest;
	qmp_socket = qmp;
}
