/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INT 13h, the BIOS' disk service, for SAN drives.
 *
 * The functions are named by their AH: int13_42() reads by LBA. Each returns a
 * status (0: done), which the dispatcher puts into AH, the carry flag, the
 * drive's memory for AH=01h and the BIOS data area; INT13_AS_IS means that the
 * function has set AH and carry itself.
 */
#ifndef SAN_INT13_H
#define SAN_INT13_H

#include "bios/gate.h"
#include "san/drives.h"

enum int13_status {
	INT13_OK = 0x00,
	INT13_INVALID = 0x01, /* function or parameter */
	INT13_WRITE_PROTECTED = 0x03,
	INT13_NOT_FOUND = 0x04,	    /* sector: beyond the end, or a read error */
	INT13_DMA_BOUNDARY = 0x09,  /* buffer where no disk may write */
	INT13_UNCORRECTABLE = 0x10, /* medium error */
	INT13_CONTROLLER = 0x20,    /* hardware error */
	INT13_SEEK_FAILED = 0x40,
	INT13_TIMEOUT = 0x80, /* the connection is lost */
	INT13_NOT_READY = 0xaa,
	INT13_NOT_REMOVABLE = 0xb2,
	INT13_WRITE_FAULT = 0xcc,
	INT13_AS_IS = 0x100,
};

typedef int (*int13_function)(struct san_drive *drive, struct real_regs *regs);

/** The interrupt handler; hooked by san_hook(). */
bool int13_handler(struct real_regs *regs);

/* Parts of registers. */
static inline uint8_t reg_al(const struct real_regs *regs)
{
	return (uint8_t)regs->eax;
}
static inline uint8_t reg_ah(const struct real_regs *regs)
{
	return (uint8_t)(regs->eax >> 8);
}
static inline void set_al(struct real_regs *regs, uint8_t value)
{
	regs->eax = (regs->eax & ~0xffu) | value;
}
static inline void set_ah(struct real_regs *regs, uint8_t value)
{
	regs->eax = (regs->eax & ~0xff00u) | (uint32_t)value << 8;
}
static inline void set_word(uint32_t *reg, uint32_t value)
{
	*reg = (*reg & ~0xffffu) | (value & 0xffff);
}

/** Read, write or verify; checks range, buffer and write protection, and explains failures.
 * @address: linear; ignored by BLOCK_VERIFY. Returns a status. */
int int13_transfer(struct san_drive *drive, enum block_op op, uint64_t lba, uint32_t count,
		   uint64_t address);

/* The extensions (san/edd.c). */
int int13_41(struct san_drive *drive, struct real_regs *regs);
int int13_42(struct san_drive *drive, struct real_regs *regs);
int int13_43(struct san_drive *drive, struct real_regs *regs);
int int13_44(struct san_drive *drive, struct real_regs *regs);
int int13_45(struct san_drive *drive, struct real_regs *regs);
int int13_46(struct san_drive *drive, struct real_regs *regs);
int int13_47(struct san_drive *drive, struct real_regs *regs);
int int13_48(struct san_drive *drive, struct real_regs *regs);
int int13_49(struct san_drive *drive, struct real_regs *regs);
int int13_4e(struct san_drive *drive, struct real_regs *regs);

/* Those of El Torito (san/cd_calls.c). */
int int13_4a(struct san_drive *drive, struct real_regs *regs);
int int13_4b(struct san_drive *drive, struct real_regs *regs);
int int13_4d(struct san_drive *drive, struct real_regs *regs);

#endif
