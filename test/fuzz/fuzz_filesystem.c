/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile file systems: files are found and read to their
 * end, or refused, within bounded work. The first byte says where in the disk the
 * input lies, so that CDs need not begin with 32 KB of nothing.
 */
#include <stdlib.h>
#include "lib/error.h"
#include "lib/filesystem.h"

#define DISK_SIZE (4u << 20)
#define READS_MAX 2000000u

static const uint8_t *input;
static size_t input_len;
static uint64_t input_at;
static unsigned reads;

static int read_input(struct volume *volume, uint64_t offset, void *data, uint32_t len)
{
	if (reads++ > READS_MAX || len > DISK_SIZE || offset > DISK_SIZE - len)
		abort();
	memset(data, 0, len);
	for (uint32_t i = 0; i < len; i++) {
		uint64_t at = offset + i - input_at;

		if (at < input_len)
			((uint8_t *)data)[i] = input[at];
	}
	return 0;
}

static void read_file(struct fs_file *file)
{
	while (file->left) {
		uint64_t offset, len, left = file->left;

		if (file->fs->next(file, &offset, &len))
			return;
		if (!len || len > left || file->left != left - len)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"/A.TXT", "/dir/a long name.txt", "/"};
	struct volume disk = {.read = read_input, .size = DISK_SIZE};
	const struct filesystem *fs;

	if (!size)
		return 0;
	input = data + 1;
	input_len = size - 1;
	input_at = data[0] & 1 ? 16 * 2048 : 0;
	reads = 0;
	for (unsigned p = 0; p < ARRAY_SIZE(paths); p++) {
		table_for_each(filesystem, fs) {
			struct fs_file file = {.volume = &disk, .fs = fs};

			if (!fs->open(&disk, paths[p], &file))
				read_file(&file);
		}
	}
	return 0;
}
