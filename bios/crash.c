/* SPDX-License-Identifier: BSD-2-Clause */
/* A processor exception in our own code: say what and where, then stop. */
#include "bios/gate.h"
#include "bios/console.h"
#include "bzimage/handover.h"
#include "lib/format.h"
#include "lib/version.h"

/* What exception_stubs of gate32.asm pushed. */
struct exception_frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error, eip, cs, eflags;
};

void crash(const struct exception_frame *frame);

void crash(const struct exception_frame *frame)
{
	static bool crashing;
	char text[400];
	size_t len;

	if (crashing) /* the console itself is broken */
		return;
	crashing = true;
	len = format(text, sizeof(text),
		     "\n*** Exception %u (error %#x) at image offset %#x ***\n"
		     "eax %08x ebx %08x ecx %08x edx %08x\n"
		     "esi %08x edi %08x ebp %08x esp %08x home %08x %s\n"
		     "Please report this with the text above. Switch the machine off and on.\n",
		     frame->vector, frame->error, frame->eip - handover.home, frame->eax,
		     frame->ebx, frame->ecx, frame->edx, frame->esi, frame->edi, frame->ebp,
		     frame->esp, handover.home, version);
	console_write(text, min(len, sizeof(text) - 1));
}
