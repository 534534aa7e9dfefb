/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The printf engine (the integer and string part of C11 7.21.6.1).
 *
 * Text goes to a sink in runs, so that printing needs no buffer as long as the
 * text: literal parts and strings are handed over as they are, and only
 * padding and digits pass through small local arrays.
 */
#include "lib/format.h"

enum {
	FLAG_LEFT = 1,
	FLAG_ZERO_PAD = 2,
	FLAG_ALT = 4,
	FLAG_PLUS = 8,
	FLAG_SPACE = 16,
	FLAG_UPPER = 32
};

struct arguments {
	va_list list;
};

/* One conversion specification. */
struct spec {
	unsigned flags;
	size_t width;
	size_t precision;
	bool has_precision;
	int size; /* bytes of the integer argument */
};

struct output {
	format_sink sink;
	void *ctx;
	size_t total;
};

static void put(struct output *out, const char *text, size_t len)
{
	if (!len)
		return;
	out->sink(out->ctx, text, len);
	out->total += len;
}

static void pad(struct output *out, char c, size_t count)
{
	char run[32];

	memset(run, c, sizeof(run));
	while (count) {
		size_t n = min(count, sizeof(run));

		put(out, run, n);
		count -= n;
	}
}

/* A width or precision, from digits or `*`. */
static size_t parse_count(const char **fmt, struct arguments *args, bool *negative)
{
	size_t n = 0;

	if (**fmt == '*') {
		int v = va_arg(args->list, int);

		(*fmt)++;
		*negative = v < 0;
		return v < 0 ? (size_t) - (long)v : (size_t)v;
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++) {
		if (n < 65536)
			n = n * 10 + (size_t)(**fmt - '0');
	}
	return n;
}

static unsigned parse_flags(const char **fmt)
{
	unsigned flags = 0;

	for (;; (*fmt)++) {
		switch (**fmt) {
		case '-':
			flags |= FLAG_LEFT;
			break;
		case '0':
			flags |= FLAG_ZERO_PAD;
			break;
		case '#':
			flags |= FLAG_ALT;
			break;
		case '+':
			flags |= FLAG_PLUS;
			break;
		case ' ':
			flags |= FLAG_SPACE;
			break;
		default:
			return flags;
		}
	}
}

static int parse_size(const char **fmt)
{
	char c = **fmt;

	if (c == 'h' || c == 'l') {
		(*fmt)++;
		if (**fmt == c) {
			(*fmt)++;
			return c == 'h' ? 1 : 8;
		}
		return c == 'h' ? 2 : (int)sizeof(long);
	}
	if (c == 'j' || c == 'z' || c == 't') {
		(*fmt)++;
		return c == 'j' ? 8 : (int)sizeof(size_t);
	}
	return sizeof(int);
}

static struct spec parse_spec(const char **fmt, struct arguments *args)
{
	struct spec s = {.flags = parse_flags(fmt)};
	bool negative = false;

	s.width = parse_count(fmt, args, &negative);
	if (negative)
		s.flags |= FLAG_LEFT;
	if (**fmt == '.') {
		(*fmt)++;
		negative = false;
		s.precision = parse_count(fmt, args, &negative);
		s.has_precision = !negative;
	}
	s.size = parse_size(fmt);
	return s;
}

/* Digits of @value right-aligned before @end; returns the first one. */
static char *digits(char *end, uint64_t value, unsigned base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	/* The 64-bit division is a library call: only while it is needed. */
	while (value > UINT32_MAX) {
		*--end = set[value % base];
		value /= base;
	}
	for (uint32_t small = (uint32_t)value; small; small /= base)
		*--end = set[small % base];
	return end;
}

static void put_number(struct output *out, const struct spec *s, uint64_t value, unsigned base,
		       const char *prefix)
{
	char text[24];
	char *end = text + sizeof(text);
	char *first = digits(end, value, base, s->flags & FLAG_UPPER);
	size_t len = (size_t)(end - first);
	size_t prefix_len = strlen(prefix);
	size_t zeros = 0;
	size_t used;

	if (s->has_precision)
		zeros = s->precision > len ? s->precision - len : 0;
	else if (!len)
		zeros = 1;
	if (base == 8 && (s->flags & FLAG_ALT) && !zeros)
		zeros = 1;
	used = prefix_len + zeros + len;
	if ((s->flags & FLAG_ZERO_PAD) && !(s->flags & FLAG_LEFT) && !s->has_precision &&
	    s->width > used) {
		zeros += s->width - used;
		used = s->width;
	}
	if (!(s->flags & FLAG_LEFT) && s->width > used)
		pad(out, ' ', s->width - used);
	put(out, prefix, prefix_len);
	pad(out, '0', zeros);
	put(out, first, len);
	if ((s->flags & FLAG_LEFT) && s->width > used)
		pad(out, ' ', s->width - used);
}

static void put_signed(struct output *out, const struct spec *s, int64_t value)
{
	const char *sign = s->flags & FLAG_PLUS ? "+" : s->flags & FLAG_SPACE ? " " : "";

	if (value < 0)
		put_number(out, s, 0 - (uint64_t)value, 10, "-");
	else
		put_number(out, s, (uint64_t)value, 10, sign);
}

static void put_string(struct output *out, const struct spec *s, const char *text)
{
	size_t len;

	if (!text)
		text = "(null)";
	len = s->has_precision ? strnlen(text, s->precision) : strlen(text);
	if (!(s->flags & FLAG_LEFT) && s->width > len)
		pad(out, ' ', s->width - len);
	put(out, text, len);
	if ((s->flags & FLAG_LEFT) && s->width > len)
		pad(out, ' ', s->width - len);
}

static int64_t signed_argument(int size, struct arguments *args)
{
	if (size == 8)
		return va_arg(args->list, int64_t);
	if (size == 1)
		return (signed char)va_arg(args->list, int);
	if (size == 2)
		return (short)va_arg(args->list, int);
	return va_arg(args->list, int);
}

static uint64_t unsigned_argument(int size, struct arguments *args)
{
	if (size == 8)
		return va_arg(args->list, uint64_t);
	if (size == 1)
		return (unsigned char)va_arg(args->list, unsigned);
	if (size == 2)
		return (unsigned short)va_arg(args->list, unsigned);
	return va_arg(args->list, unsigned);
}

static void put_conversion(struct output *out, char conversion, struct spec *s,
			   struct arguments *args)
{
	uint64_t value;
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, s, signed_argument(s->size, args));
		break;
	case 'u':
		put_number(out, s, unsigned_argument(s->size, args), 10, "");
		break;
	case 'o':
		put_number(out, s, unsigned_argument(s->size, args), 8, "");
		break;
	case 'x':
	case 'X':
		if (conversion == 'X')
			s->flags |= FLAG_UPPER;
		value = unsigned_argument(s->size, args);
		put_number(out, s, value, 16,
			   !(s->flags & FLAG_ALT) || !value ? ""
			   : conversion == 'X'		    ? "0X"
							    : "0x");
		break;
	case 'p':
		put_number(out, s, (uintptr_t)va_arg(args->list, void *), 16, "0x");
		break;
	case 'c':
		c = (char)va_arg(args->list, int);
		if (!(s->flags & FLAG_LEFT) && s->width > 1)
			pad(out, ' ', s->width - 1);
		put(out, &c, 1);
		if ((s->flags & FLAG_LEFT) && s->width > 1)
			pad(out, ' ', s->width - 1);
		break;
	case 's':
		put_string(out, s, va_arg(args->list, const char *));
		break;
	case '%':
		put(out, "%", 1);
		break;
	}
}

size_t vformat_to(format_sink sink, void *ctx, const char *fmt, va_list ap)
{
	struct output out = {.sink = sink, .ctx = ctx};
	struct arguments args;

	va_copy(args.list, ap);
	while (*fmt) {
		const char *literal = fmt;
		struct spec s;

		while (*fmt && *fmt != '%')
			fmt++;
		put(&out, literal, (size_t)(fmt - literal));
		if (!*fmt)
			break;
		fmt++;
		s = parse_spec(&fmt, &args);
		if (!*fmt)
			break;
		put_conversion(&out, *fmt++, &s, &args);
	}
	va_end(args.list);
	return out.total;
}

struct buffer {
	char *text;
	size_t size;
	size_t used;
};

static void buffer_sink(void *ctx, const char *text, size_t len)
{
	struct buffer *b = ctx;
	size_t room = b->size ? b->size - 1 - b->used : 0;
	size_t n = min(len, room);

	memcpy(b->text + b->used, text, n);
	b->used += n;
}

size_t vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer b = {.text = buf, .size = size};
	size_t total;

	if (!size)
		b.text = (char[1]){0};
	total = vformat_to(buffer_sink, &b, fmt, ap);
	if (size)
		buf[b.used] = 0;
	return total;
}

size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t total;

	va_start(ap, fmt);
	total = vformat(buf, size, fmt, ap);
	va_end(ap);
	return total;
}

void format_append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strnlen(buf, size);
	va_list ap;

	if (used >= size)
		return;
	va_start(ap, fmt);
	vformat(buf + used, size - used, fmt, ap);
	va_end(ap);
}
