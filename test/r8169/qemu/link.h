/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's end of QEMU's multi-process link (x-pci-proxy-dev): a stream
 * socket with messages in the host's byte order and layout.
 *
 *	header   s32 command, 4 bytes of padding, u64 size of what follows;
 *		 file descriptors ride on it as SCM_RIGHTS
 *	0  memory map     u64 address[8], size[8], offset[8]; a file each; no answer
 *	1  answer         u64 value (from the device only)
 *	2  config write   u32 address, u32 value, s32 size
 *	3  config read    the same; answered with the value
 *	4  BAR write      u64 address, u64 value, u32 size, u8 memory
 *	5  BAR read       the same; answered with the value
 *	6  interrupt      two eventfds; no answer (KVM's, not used here)
 *	7  reset          answered with 0
 *
 * BAR addresses are bus addresses. The memory map always holds all of RAM.
 */
#ifndef TEST_R8169_QEMU_LINK_H
#define TEST_R8169_QEMU_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_command {
	LINK_MEMORY,
	LINK_ANSWER,
	LINK_CONFIG_WRITE,
	LINK_CONFIG_READ,
	LINK_BAR_WRITE,
	LINK_BAR_READ,
	LINK_INTERRUPT,
	LINK_RESET,
	LINK_COMMANDS,
};

#define LINK_FILES 8

struct link_message {
	uint32_t command;
	union {
		struct {
			uint32_t address, value;
			int32_t size;
		} config;
		struct {
			uint64_t address, value;
			uint32_t size;
			uint8_t memory;
		} bar;
		struct {
			uint64_t address[LINK_FILES], size[LINK_FILES], offset[LINK_FILES];
		} map;
	};
	int file[LINK_FILES]; /* the receiver closes them */
	unsigned files;
};

/** Receive one message; false when QEMU has gone or sent nonsense. */
bool link_receive(int socket, struct link_message *m);
bool link_answer(int socket, uint64_t value);

/** The guest's RAM, mapped here. */
struct guest_memory {
	struct region {
		uint64_t address, size, offset, inode;
		uint8_t *host;
	} region[LINK_FILES];
	unsigned count;
};

/** Take over a memory map, with its files. */
void guest_memory_update(struct guest_memory *memory, struct link_message *m);
/** Where @len bytes at @address are; NULL when they are not in one piece of RAM. */
uint8_t *guest_memory_at(const struct guest_memory *memory, uint64_t address, size_t len);

#endif
