/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a distribution's libbearssl.a expects of its C library: it is compiled
 * with _FORTIFY_SOURCE (checked copies) and with the stack protector, whose
 * canary lies at %gs:0x14.
 */
#include "lib/base.h"
#include "lib/log.h"

void *__memcpy_chk(void *dst, const void *src, size_t len, size_t room);
void *__memmove_chk(void *dst, const void *src, size_t len, size_t room);
void *__memset_chk(void *dst, int value, size_t len, size_t room);
void __stack_chk_fail(void) __attribute__((noreturn));
void __stack_chk_fail_local(void) __attribute__((noreturn, visibility("hidden")));

/* Memory is already damaged, or about to be: nothing that runs later could be trusted. */
static void __attribute__((noreturn)) stop(const char *what)
{
	print("\nStopped: %s inside the cryptographic library. Please switch the machine off and "
	      "report this.\n",
	      what);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void *__memcpy_chk(void *dst, const void *src, size_t len, size_t room)
{
	if (len > room)
		stop("a copy longer than its buffer");
	return memcpy(dst, src, len);
}

void *__memmove_chk(void *dst, const void *src, size_t len, size_t room)
{
	if (len > room)
		stop("a move longer than its buffer");
	return memmove(dst, src, len);
}

void *__memset_chk(void *dst, int value, size_t len, size_t room)
{
	if (len > room)
		stop("a fill longer than its buffer");
	return memset(dst, value, len);
}

void __stack_chk_fail(void)
{
	stop("a damaged stack");
}

void __stack_chk_fail_local(void)
{
	stop("a damaged stack");
}
