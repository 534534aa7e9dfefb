/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network bootstrap programs: the image type of whatever is nothing else.
 *
 * PXE 2.1, section 2.4.5 and 4.4.5: the file lies at 0:7C00 and is entered there
 * in real mode, with ES:BX at PXENV+ and !PXE's address at SS:[SP+4]. The API
 * works until the program ends: by a far return (AX is its status), by INT 18h or
 * INT 19h, or by asking for another one in its place (RESTART_TFTP). All of base
 * memory below the low block is its own; our memory is hidden from it, and a SAN
 * drive stays hooked and served.
 *
 * A program may shut the card down, or give the whole stack back before it
 * starts an operating system. If it returns after that, the cards are opened
 * again. One that was started by another (FILE_EXEC) hands back to that one, whose
 * base memory is kept meanwhile; what that one had opened is closed.
 */
#include "boot/nbp.h"
#include "boot/image.h"
#include "boot/pxe.h"
#include "bios/gate.h"
#include "bios/heap.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/http.h"
#include "netstack/net.h"
#include "san/guest.h"

#define LOAD_ADDRESS  0x7c00u
#define STACK_POINTER 0x7bfcu	 /* !PXE's address lies there, the return address below */
#define RESTARTED     GUEST_ENDS /* what real_enter() returns after nbp_restart() */
#define ROOM_PROMISED (480u * 1024)

/* What nbp_restart() leaves for the loop in run(); heap. */
static uint8_t *next_program;
static size_t next_len;
static bool nested;

/* ---- What can be one ---- */

/* "MZ", and at the offset in 3Ch "PE\0\0" with a subsystem that is EFI's: what a server gives that
 * takes us for an EFI machine. */
static bool is_efi_program(const struct image *image)
{
	struct cursor c = cursor(image->data, image->len);
	uint32_t header;
	uint16_t subsystem;

	if (cursor_le16(&c) != 0x5a4d)
		return false;
	cursor_skip(&c, 0x3c - 2);
	header = cursor_le32(&c);
	c = cursor(image->data, image->len);
	cursor_skip(&c, header);
	if (cursor_le32(&c) != 0x4550)
		return false;
	cursor_skip(&c, 20 + 68); /* COFF header, and the optional one up to the subsystem */
	subsystem = cursor_le16(&c);
	return !c.bad && subsystem >= 10 && subsystem <= 13;
}

/* An ISO image begins with zeros, no program does. */
static bool nbp_probe(const struct image *image)
{
	return image->len >= 2 && get_le16(image->data) && !image_is_text(image) &&
	       (image->len <= NBP_SIZE_MAX || is_efi_program(image));
}

/* ---- The machine that it gets ---- */

static bool usable(struct nic *nic)
{
	struct netif *netif = nic && nic->open ? netif_for(nic) : NULL;

	return netif && netif->address;
}

/* The card opened last, or another one that has an address. */
static struct nic *card(void)
{
	struct nic *nic = nic_latest();

	if (usable(nic))
		return nic;
	list_for_each(nic, &nics, link) {
		if (usable(nic))
			return nic;
	}
	return NULL;
}

static int place(const char *name, const uint8_t *program, size_t len)
{
	uint32_t end = guest_base_end();

	if (end < LOAD_ADDRESS || len > end - LOAD_ADDRESS)
		return fail(E_NBP_SIZE, "%s: %u bytes; base memory has room for %u", name,
			    (unsigned)len, end > LOAD_ADDRESS ? (unsigned)(end - LOAD_ADDRESS) : 0);
	if (end - LOAD_ADDRESS < ROOM_PROMISED)
		print("Note: only %u KB of base memory are free for %s\n",
		      (unsigned)(end - LOAD_ADDRESS) / 1024, name);
	log_debug("pxe", 1, "%s at 0:7c00, base memory free up to %x: %u KB", name, (unsigned)end,
		  (unsigned)(end - LOAD_ADDRESS) / 1024);
	memcpy(physical(LOAD_ADDRESS, len), program, len);
	return 0;
}

/* ---- Running ---- */

static int enter(struct real_regs *regs)
{
	struct segoff bang = pxe_bang(), pxenv = pxe_pxenv();

	*regs = (struct real_regs){.ebx = pxenv.offset, .es = pxenv.segment, .eflags = FLAG_IF};
	memcpy(physical(STACK_POINTER, sizeof(bang)), &bang, sizeof(bang));
	return real_enter(0, LOAD_ADDRESS, 0, STACK_POINTER, regs);
}

/* One program after the other, each in the place of the one before. */
static int run(struct nic *nic, const char *name, const uint8_t *program, size_t len,
	       struct real_regs *regs)
{
	int rc;

	for (;;) {
		rc = place(name, program, len);
		heap_free(next_program);
		next_program = NULL;
		if (rc)
			return rc;
		pxe_start(nic, image_current_uri());
		rc = enter(regs);
		pxe_command_begin(); /* it may have left out of a call */
		pxe_stop();
		if (rc != RESTARTED)
			break;
		program = next_program;
		len = next_len;
	}
	if (rc)
		return fail(E_NBP_GAVE_UP, "%s gave the machine back (%s)", name,
			    rc == GUEST_INT18 ? "INT 18h: nothing to boot" : "INT 19h: boot again");
	if ((uint16_t)regs->eax)
		return fail(E_NBP_STATUS, "%s returned with status %04x", name,
			    (unsigned)(uint16_t)regs->eax);
	return 0;
}

void nbp_restart(uint8_t *program, size_t len)
{
	next_program = program;
	next_len = len;
	real_leave(RESTARTED);
}

bool nbp_is_nested(void)
{
	return nested;
}

/* @image over @nic, and everything as it was. */
static int run_as_guest(struct nic *nic, struct image *image)
{
	struct nic *cards[NIC_CARDS_MAX];
	/* What the program closes comes back. */
	unsigned count = nic_all_open(cards);
	struct guest_outer outer;
	struct real_regs regs;
	bool outer_nested = nested;
	int rc = guest_begin(&outer, true);

	if (rc)
		return rc;
	nested = outer.running;
	rc = run(nic, image->name, image->data, image->len, &regs);
	nested = outer_nested;
	guest_end(&outer);
	nic_reopen(cards, count);
	return rc;
}

static int nbp_execute(struct image *image)
{
	struct nic *nic = card(), *outer_nic = pxe_nic;
	const struct uri *outer_uri = pxe_uri;
	int rc;

	if (is_efi_program(image))
		return fail(E_IMAGE_TYPE,
			    "%s: a program for EFI firmware, and this machine has a BIOS: take the "
			    "file for BIOS",
			    image->name);
	if (!nic)
		return fail(E_NBP_NO_CARD,
			    "%s: a network bootstrap program needs a card that is open and has an "
			    "address",
			    image->name);
	http_close_idle();
	pxe_stop();
	rc = run_as_guest(nic, image);
	if (outer_nic)
		pxe_start(outer_nic, outer_uri);
	return rc;
}

TABLE_ENTRY(image_type, image_type_nbp) = {
	.name = "PXE-NBP",
	.order = 1000,
	.fallback = true,
	.probe = nbp_probe,
	.execute = nbp_execute,
};
