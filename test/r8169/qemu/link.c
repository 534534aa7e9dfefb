/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's multi-process link: messages, and the guest's RAM. */
#include "test/r8169/qemu/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
	int32_t command;
	uint32_t padding;
	uint64_t size;
};

/* ---- Messages ---- */

static bool read_all(int socket, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = read(socket, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int socket, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = send(socket, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void take_files(struct link_message *m, struct msghdr *message)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    bytes > sizeof(m->file))
			continue;
		m->files = (unsigned)(bytes / sizeof(int));
		memcpy(m->file, CMSG_DATA(c), bytes);
	}
}

bool link_receive(int socket, struct link_message *m)
{
	struct header header;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(m->file))];
	} control;
	struct iovec part = {&header, sizeof(header)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n;

	memset(m, 0, sizeof(*m));
	do {
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	take_files(m, &message);
	if (!read_all(socket, (uint8_t *)&header + n, sizeof(header) - (size_t)n))
		return false;
	m->command = (uint32_t)header.command;
	if (m->command >= LINK_COMMANDS || header.size > sizeof(m->map))
		return false;
	return read_all(socket, &m->map, header.size);
}

bool link_answer(int socket, uint64_t value)
{
	struct {
		struct header header;
		uint64_t value;
	} answer = {{LINK_ANSWER, 0, sizeof(value)}, value};

	return write_all(socket, &answer, sizeof(answer));
}

/* ---- The guest's RAM ---- */

/* An equal mapping that is there already, taken out of @old. */
static uint8_t *keep(struct guest_memory *old, const struct region *wanted)
{
	unsigned i;

	for (i = 0; i < old->count; i++) {
		struct region *r = &old->region[i];
		uint8_t *host = r->host;

		if (host && r->inode == wanted->inode && r->offset == wanted->offset &&
		    r->size == wanted->size) {
			r->host = NULL;
			return host;
		}
	}
	return NULL;
}

void guest_memory_update(struct guest_memory *memory, struct link_message *m)
{
	struct guest_memory old = *memory;
	unsigned i;

	memory->count = 0;
	for (i = 0; i < m->files; i++) {
		struct region *r = &memory->region[memory->count];
		struct stat file = {0};

		fstat(m->file[i], &file);
		*r = (struct region){m->map.address[i], m->map.size[i], m->map.offset[i],
				     file.st_ino, NULL};
		r->host = keep(&old, r);
		if (!r->host)
			r->host = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED,
				       m->file[i], (off_t)r->offset);
		close(m->file[i]);
		if (r->host == MAP_FAILED)
			perror("mapping the guest's memory");
		else
			memory->count++;
	}
	for (i = 0; i < old.count; i++)
		if (old.region[i].host)
			munmap(old.region[i].host, old.region[i].size);
}

uint8_t *guest_memory_at(const struct guest_memory *memory, uint64_t address, size_t len)
{
	unsigned i;

	for (i = 0; i < memory->count; i++) {
		const struct region *r = &memory->region[i];

		if (address >= r->address && address - r->address < r->size &&
		    len <= r->size - (address - r->address))
			return r->host + (address - r->address);
	}
	return NULL;
}
