/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISO 9660 (ECMA-119) with the names of Rock Ridge (SUSP and RRIP 1.12) and of
 * Joliet. A directory record's Rock Ridge name counts where it has one, else the
 * plain name without version; what is not found so is looked for in the tree of
 * Joliet. Symbolic links are not followed.
 */
#include "lib/filesystem.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/text.h"

#define SECTOR		 2048u
#define DESCRIPTOR_FIRST 16u
#define DESCRIPTORS_MAX	 32u
#define DIRECTORY_MAX	 (16u << 20)
#define CONTINUATIONS	 8u
#define NAME_SIZE	 768u

enum descriptor { DESCRIPTOR_PRIMARY = 1, DESCRIPTOR_SUPPLEMENTARY = 2, DESCRIPTOR_END = 255 };
enum descriptor_place { DESCRIPTOR_ESCAPES = 88, DESCRIPTOR_ROOT = 156 };
enum record {
	RECORD_LENGTH = 0,
	RECORD_ATTRIBUTES = 1, /* sectors in front of the content */
	RECORD_EXTENT = 2,
	RECORD_SIZE = 10,
	RECORD_FLAGS = 25,
	RECORD_UNIT = 26,
	RECORD_NAME_LENGTH = 32,
	RECORD_NAME = 33,
	RECORD_MIN = 34,
};
#define FLAG_DIRECTORY 0x02u
#define FLAG_MORE      0x80u
#define NM_CONTINUE    0x01u
#define NM_SPECIAL     0x06u /* . and .. */

struct node {
	uint64_t place; /* bytes */
	uint32_t size;
	uint8_t flags;
	bool interleaved;
};

struct tree {
	struct volume *volume;
	struct node root;
	bool joliet;
	unsigned skip; /* bytes of each system use area that are not SUSP's */
};

/* ---- Names ---- */

static void take_node(const uint8_t *record, struct node *node)
{
	node->place =
		((uint64_t)get_le32(record + RECORD_EXTENT) + record[RECORD_ATTRIBUTES]) * SECTOR;
	node->size = get_le32(record + RECORD_SIZE);
	node->flags = record[RECORD_FLAGS];
	node->interleaved = record[RECORD_UNIT] != 0;
}

/* "NAME.EXT;1" and "NAME.;1" without what nobody types. */
static void strip_version(char *name)
{
	char *semicolon = strrchr(name, ';');
	size_t len;

	if (semicolon)
		*semicolon = '\0';
	len = strlen(name);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
}

static void plain_name(const struct tree *tree, struct cursor c, char *name)
{
	name[0] = '\0';
	while (cursor_left(&c)) {
		uint16_t unit = tree->joliet ? cursor_be16(&c) : cursor_u8(&c);

		if (!unit || !name_append(name, NAME_SIZE, unit))
			break;
	}
	strip_version(name);
}

/* SUSP entries in @area; NM adds to @name, CE tells where more of them lie. */
static void take_entries(struct cursor area, char *name, uint32_t continuation[3])
{
	continuation[2] = 0;
	while (cursor_left(&area) >= 4) {
		const uint8_t *entry = area.p;
		uint8_t len = entry[2];

		if (len < 4 || !cursor_take(&area, len) || !memcmp(entry, "ST", 2))
			return;
		if (!memcmp(entry, "NM", 2) && len >= 5 && !(entry[4] & NM_SPECIAL)) {
			size_t have = strlen(name), more = len - 5u;

			if (have + more < NAME_SIZE && !memchr(entry + 5, 0, more)) {
				memcpy(name + have, entry + 5, more);
				name[have + more] = '\0';
			}
		} else if (!memcmp(entry, "CE", 2) && len >= 28) {
			continuation[0] = get_le32(entry + 4);
			continuation[1] = get_le32(entry + 12);
			continuation[2] = get_le32(entry + 20);
		}
	}
}

/* The Rock Ridge name of a record; "" when it has none. */
static int rock_ridge_name(const struct tree *tree, struct cursor area, char *name)
{
	uint8_t sector[SECTOR];
	uint32_t more[3]; /* sector, offset, length */

	name[0] = '\0';
	cursor_skip(&area, tree->skip);
	take_entries(area, name, more);
	for (unsigned i = 0; i < CONTINUATIONS && more[2]; i++) {
		uint32_t len = min(more[2], SECTOR);
		int rc = volume_read(tree->volume, (uint64_t)more[0] * SECTOR + more[1], sector,
				     len);

		if (rc)
			return rc;
		take_entries(cursor(sector, len), name, more);
	}
	return 0;
}

static int record_name(const struct tree *tree, const uint8_t *record, char *name)
{
	struct cursor c = cursor(record + RECORD_NAME, record[RECORD_LENGTH] - RECORD_NAME);
	uint8_t len = record[RECORD_NAME_LENGTH];
	struct cursor plain = cursor_sub(&c, len);
	int rc;

	name[0] = '\0';
	if (plain.bad)
		return 0;
	if (!(len & 1))
		cursor_skip(&c, 1);
	if (!tree->joliet) {
		rc = rock_ridge_name(tree, c, name);
		if (rc || name[0])
			return rc;
	}
	plain_name(tree, plain, name);
	return 0;
}

/* ---- Directories ---- */

/* The record at @at of directory @dir in @record (256 bytes); its length, 0: none until the next
 * sector, or an error. */
static int read_record(const struct tree *tree, const struct node *dir, uint32_t at,
		       uint8_t *record)
{
	uint32_t room = min(SECTOR - at % SECTOR, dir->size - at);
	int rc = volume_read(tree->volume, dir->place + at, record, min(room, 255u));

	if (rc)
		return rc;
	if (record[RECORD_LENGTH] < RECORD_MIN || record[RECORD_LENGTH] > room)
		return 0;
	return record[RECORD_LENGTH];
}

/* @component in @dir: the same letters, or else the same but for case. */
static int find(const struct tree *tree, const struct node *dir, const char *component, size_t len,
		struct node *node)
{
	char name[NAME_SIZE];
	uint8_t record[256];
	bool found = false;

	for (uint32_t at = 0; at < min(dir->size, DIRECTORY_MAX);) {
		int length = read_record(tree, dir, at, record), rc;

		if (length < 0)
			return length;
		at = length ? at + (uint32_t)length : ALIGN_DOWN(at, SECTOR) + SECTOR;
		/* Names of one byte 0 or 1 are the directory itself and its parent. */
		if (!length || (record[RECORD_NAME_LENGTH] == 1 && record[RECORD_NAME] <= 1))
			continue;
		rc = record_name(tree, record, name);
		if (rc)
			return rc;
		if (!name_is(component, len, name))
			continue;
		if (!memcmp(component, name, len)) {
			take_node(record, node);
			return 0;
		}
		if (!found)
			take_node(record, node);
		found = true;
	}
	return found ? 0 : E_FILE_NOT_FOUND;
}

/* ---- Trees ---- */

/* Where SUSP says in the root's own record that its areas begin. */
static int read_skip(struct tree *tree)
{
	uint8_t record[256];
	int length = tree->root.size < RECORD_MIN ? 0 : read_record(tree, &tree->root, 0, record);

	if (length >= RECORD_MIN + 7 && !memcmp(record + RECORD_MIN, "SP\7\1\xbe\xef", 6))
		tree->skip = record[RECORD_MIN + 6];
	return length < 0 ? length : 0;
}

static bool is_joliet(const uint8_t *descriptor)
{
	const uint8_t *escape = descriptor + DESCRIPTOR_ESCAPES;

	return escape[0] == '%' && escape[1] == '/' && strchr("@CE", escape[2]) && escape[2];
}

/* The tree of the first descriptor of @kind; E_FILE_NO_FS when there is none. */
static int read_tree(struct volume *volume, enum descriptor kind, struct tree *tree)
{
	uint8_t d[DESCRIPTOR_ROOT + RECORD_MIN];

	*tree = (struct tree){.volume = volume, .joliet = kind == DESCRIPTOR_SUPPLEMENTARY};
	for (unsigned i = 0; i < DESCRIPTORS_MAX; i++) {
		uint64_t place = (DESCRIPTOR_FIRST + i) * SECTOR;
		int rc;

		if (place + SECTOR > volume->size)
			return E_FILE_NO_FS;
		rc = volume_read(volume, place, d, sizeof(d));
		if (rc)
			return rc;
		if (memcmp(d + 1, "CD001", 5) != 0 || d[0] == DESCRIPTOR_END)
			return E_FILE_NO_FS;
		if (d[0] != kind || (tree->joliet && !is_joliet(d)))
			continue;
		take_node(d + DESCRIPTOR_ROOT, &tree->root);
		return tree->joliet ? 0 : read_skip(tree);
	}
	return E_FILE_NO_FS;
}

static int find_path(const struct tree *tree, const char *path, struct node *node)
{
	const char *component;
	size_t len;
	int rc = 0;

	*node = tree->root;
	while (!rc && (len = path_component(&path, &component))) {
		struct node dir = *node;

		rc = dir.flags & FLAG_DIRECTORY ? find(tree, &dir, component, len, node)
						: E_FILE_NOT_FOUND;
	}
	return !rc && node->flags & FLAG_DIRECTORY ? E_FILE_NOT_FOUND : rc;
}

static int iso_open(struct volume *volume, const char *path, struct fs_file *file)
{
	struct node node;
	struct tree tree;
	int rc = read_tree(volume, DESCRIPTOR_PRIMARY, &tree);

	if (!rc)
		rc = find_path(&tree, path, &node);
	if (rc == E_FILE_NOT_FOUND) {
		rc = read_tree(volume, DESCRIPTOR_SUPPLEMENTARY, &tree);
		rc = rc == E_FILE_NO_FS ? E_FILE_NOT_FOUND
		     : rc		? rc
					: find_path(&tree, path, &node);
	}
	if (rc)
		return rc;
	if (node.flags & FLAG_MORE || node.interleaved)
		return fail(E_NOT_SUPPORTED, "the file lies in several pieces on the CD, as those "
					     "of more than 4 GB do");
	file->size = file->left = node.size;
	file->place = node.place;
	return 0;
}

static int iso_next(struct fs_file *file, uint64_t *offset, uint64_t *len)
{
	*offset = file->place;
	*len = file->left;
	file->left = 0;
	return 0;
}

TABLE_ENTRY(filesystem, filesystem_iso9660) = {
	.name = "ISO 9660",
	.open = iso_open,
	.next = iso_next,
};
