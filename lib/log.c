/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to the user, and the ring that keeps the last 64 KB of it; see lib/log.h. */
#include "lib/log.h"
#include "lib/format.h"
#include "lib/text.h"

#define RING_SIZE 65536u
#define AREAS	  32
#define AREA_NAME 16

static char ring[RING_SIZE];
static uint32_t ring_end; /* bytes ever written; index modulo the size */
static bool ring_wrapped;

static struct area {
	char name[AREA_NAME];
	int level;
} areas[AREAS];
static unsigned area_count;
static int all_level; /* debug=all */

static void discard(const char *text, size_t len)
{
}

void (*log_output)(const char *text, size_t len) = discard;

static void ring_write(const char *text, size_t len)
{
	while (len) {
		uint32_t at = ring_end % RING_SIZE;
		size_t n = min(len, (size_t)(RING_SIZE - at));

		memcpy(ring + at, text, n);
		ring_end += (uint32_t)n;
		if (at + n == RING_SIZE)
			ring_wrapped = true;
		text += n;
		len -= n;
	}
}

static void ring_sink(void *ctx, const char *text, size_t len)
{
	ring_write(text, len);
}

static void console_sink(void *ctx, const char *text, size_t len)
{
	ring_write(text, len);
	log_output(text, len);
}

void vprint(const char *fmt, va_list ap)
{
	vformat_to(console_sink, NULL, fmt, ap);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

void log_debug(const char *area, int level, const char *fmt, ...)
{
	bool shown = log_enabled(area, level);
	format_sink sink = shown ? console_sink : ring_sink;
	va_list ap;

	if (level > 1 && !shown)
		return;
	/* A line that is not yet complete, such as a download's progress, does not get it. */
	if (ring_end && ring[(ring_end - 1) % RING_SIZE] != '\n')
		sink(NULL, "\n", 1);
	sink(NULL, area, strlen(area));
	sink(NULL, ": ", 2);
	va_start(ap, fmt);
	vformat_to(sink, NULL, fmt, ap);
	va_end(ap);
	sink(NULL, "\n", 1);
}

static const char *const area_names[] = {"arp",	 "boot", "cmdline", "dhcp",  "dns",
					 "file", "http", "ibft",    "int13", "iscsi",
					 "nic",	 "pxe",	 "san",	    "tcp",   "tftp"};

const char *log_area_name(unsigned i)
{
	return i < ARRAY_SIZE(area_names) ? area_names[i] : NULL;
}

static struct area *find_area(const char *name, size_t len)
{
	for (unsigned i = 0; i < area_count; i++) {
		if (strlen(areas[i].name) == len && !memcmp(areas[i].name, name, len))
			return &areas[i];
	}
	return NULL;
}

static void enable(const char *name, size_t len, int level)
{
	struct area *a;

	if (!len || len >= AREA_NAME)
		return;
	if (len == 4 && !memcmp(name, "none", 4)) {
		area_count = 0;
		all_level = 0;
		return;
	}
	if (len == 3 && !memcmp(name, "all", 3)) {
		all_level = level;
		return;
	}
	a = find_area(name, len);
	if (!a) {
		if (area_count == AREAS)
			return;
		a = &areas[area_count++];
		memcpy(a->name, name, len);
		a->name[len] = 0;
	}
	a->level = level;
}

void log_enable(const char *list)
{
	while (*list) {
		const char *name = list;
		size_t len;
		int level = 1;

		while (*list && *list != ',' && *list != ':')
			list++;
		len = (size_t)(list - name);
		if (*list == ':') {
			list++;
			level = is_digit((uint8_t)*list) ? *list - '0' : 1;
			while (*list && *list != ',')
				list++;
		}
		enable(name, len, level);
		if (*list == ',')
			list++;
	}
}

static bool area_is_there(const char *name, size_t len)
{
	if ((len == 3 && !memcmp(name, "all", 3)) || (len == 4 && !memcmp(name, "none", 4)))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(area_names); i++) {
		if (strlen(area_names[i]) == len && !memcmp(area_names[i], name, len))
			return true;
	}
	return false;
}

static bool is_level(const char *text, size_t len)
{
	return len == 2 && text[0] == ':' && text[1] >= '0' && text[1] <= '2';
}

const char *log_wrong_area(const char *list, size_t *len)
{
	for (const char *next; *list; list = next) {
		const char *end = strchr(list, ',');
		size_t name = 0;

		*len = end ? (size_t)(end - list) : strlen(list);
		while (name < *len && list[name] != ':')
			name++;
		if (*len && (!area_is_there(list, name) ||
			     (name < *len && !is_level(list + name, *len - name))))
			return list;
		next = end ? end + 1 : list + *len;
	}
	return NULL;
}

void log_print_enabled(void)
{
	const char *comma = "";

	if (all_level) {
		print("all:%d", all_level);
		comma = ",";
	}
	for (unsigned i = 0; i < area_count; i++) {
		if (areas[i].level == all_level)
			continue;
		print("%s%s:%d", comma, areas[i].name, areas[i].level);
		comma = ",";
	}
	print("%s\n", *comma ? "" : "none");
}

bool log_enabled(const char *area, int level)
{
	const struct area *a = find_area(area, strlen(area));

	return level <= (a ? a->level : all_level);
}

void log_ring(const char **first, size_t *first_len, const char **second, size_t *second_len)
{
	uint32_t at = ring_end % RING_SIZE;

	*first = ring_wrapped ? ring + at : ring;
	*first_len = ring_wrapped ? RING_SIZE - at : at;
	*second = ring;
	*second_len = ring_wrapped ? at : 0;
}

uint32_t log_end(void)
{
	return ring_end;
}

/* Where the oldest line begins that is there from its start. */
static uint32_t oldest_line(void)
{
	uint32_t at = ring_end - RING_SIZE;

	while (at != ring_end && ring[at % RING_SIZE] != '\n')
		at++;
	return at == ring_end ? at : at + 1;
}

/* Skip what follows ESC: "[", parameters, and a letter; or one other byte. */
static uint32_t skip_escape(uint32_t at, uint32_t end)
{
	if (at == end || ring[at % RING_SIZE] != '[')
		return at == end ? at : at + 1;
	for (at++; at != end; at++) {
		char c = ring[at % RING_SIZE];

		if (c >= '@' && c <= '~')
			return at + 1;
	}
	return at;
}

/* The bytes from @at to @end as a line on a screen: a carriage return begins it anew, when
 * something follows. */
static void flatten(uint32_t at, uint32_t end, char *line, size_t size)
{
	size_t len = 0;
	bool anew = false;

	while (at != end) {
		char c = ring[at++ % RING_SIZE];

		if (c == '\033') {
			at = skip_escape(at, end);
		} else if (c == '\r') {
			anew = true;
		} else if (c == '\b') {
			len -= len > 0;
		} else if (is_print(c) || (uint8_t)c >= 0x80) {
			if (anew)
				len = 0;
			anew = false;
			if (len + 1 < size)
				line[len++] = c;
		}
	}
	line[len] = '\0';
}

bool log_line(uint32_t *position, char *line, size_t size)
{
	uint32_t start = *position, end;

	if (ring_end - start > RING_SIZE)
		start = oldest_line();
	for (end = start; end != ring_end && ring[end % RING_SIZE] != '\n'; end++)
		;
	if (end == ring_end)
		return false;
	flatten(start, end, line, size);
	*position = end + 1;
	return true;
}
