/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting as DHCP says: a SAN drive (root-path), a file (filename), or both.
 *
 * With both the drive is hooked first and stays while the file runs: that is
 * how an installer finds the disk it installs to.
 */
#include "boot/boot.h"
#include "boot/image.h"
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/uri.h"
#include "netstack/fetch.h"
#include "netstack/net.h"
#include "netstack/tftp.h"
#include "san/block.h"
#include "san/san.h"

/* Setting @name with ${…} expanded, heap; *@value NULL when it is unset or empty. */
static int fetch_text(const char *name, char **value)
{
	char text[SETTING_MAX];

	*value = NULL;
	if (!setting_text("", name, text, sizeof(text)))
		return 0;
	*value = expand(text);
	if (!*value)
		return fail_context(E_INVALID, "%s", name);
	if (!**value) {
		heap_free(*value);
		*value = NULL;
	}
	return 0;
}

/* next-server from the scope that gave the filename; a user's filename takes any. */
static uint32_t next_server(void)
{
	struct setting_value *value = heap_alloc(sizeof(*value));
	uint32_t server = 0;
	char name[64];

	if (value && !setting_fetch("filename", value) && value->scope[0]) {
		format(name, sizeof(name), "%s/next-server", value->scope);
		if (!setting_fetch(name, value) && value->len >= 4)
			server = get_be32(value->raw);
	}
	heap_free(value);
	return server ? server : setting_ipv4("", "next-server");
}

/* ---- URIs ---- */

static bool is_full_uri(const char *text)
{
	struct uri *uri = uri_parse(text);
	bool full = uri && uri->scheme && !uri->opaque;

	uri_free(uri);
	return full;
}

/*
 * The address of @filename, heap: itself when it is one with scheme://, else a
 * file on the TFTP server, whose name is taken literally.
 */
static int filename_uri(const char *filename, char **uri)
{
	uint32_t server;

	if (is_full_uri(filename)) {
		*uri = text_dup(filename);
		return *uri ? 0 : fail(E_NO_MEMORY, "out of memory for the boot file's name");
	}
	server = next_server();
	if (!server)
		return fail(E_BOOT_NO_SERVER,
			    "no TFTP server: DHCP gave the file name \"%.80s\" but no "
			    "next-server (siaddr, option 66)",
			    filename);
	*uri = tftp_address(server, 0, filename);
	return *uri ? 0 : E_NO_MEMORY;
}

/* Has a SAN driver the scheme of @root_path? An NFS root "server:/path" is somebody else's. */
static bool is_san_path(const char *root_path)
{
	const struct san_scheme *scheme;
	size_t len;

	table_for_each(san_scheme, scheme) {
		len = strlen(scheme->name);
		if (text_starts_nocase(root_path, scheme->name) && root_path[len] == ':')
			return true;
	}
	return false;
}

/* ---- Booting ---- */

/* Download and run; a returning image is no failure of the boot unless it says so. *@fetched
 * tells a failed download from a failed image. */
static int run_file(const char *filename, bool *fetched)
{
	struct image_request request = {
		.uri = filename,
		.retries = fetch_retries(),
	};
	struct image *image;
	int rc = image_download(&request, &image);

	*fetched = !rc;
	if (rc)
		return rc;
	if (image->role == IMAGE_INITRD)
		image->role = IMAGE_OTHER;
	image_print(image);
	return image_execute(image);
}

static int boot_drive(unsigned drive)
{
	if (san_skip_boot(drive)) {
		print("Skipping boot from SAN device 0x%02x\n", drive);
		return 0;
	}
	return san_boot(drive);
}

int boot_uri(const char *filename, const char *root_path)
{
	unsigned drive = san_default_drive();
	bool fetched = true;
	int rc = 0;

	if (root_path) {
		rc = san_hook(drive, &root_path, 1, true);
		if (rc)
			return rc;
	}
	if (filename)
		rc = run_file(filename, &fetched);
	if (filename && root_path && rc)
		report_failure(rc);
	if (root_path && fetched)
		rc = boot_drive(drive);
	if (!root_path)
		return rc;
	if (san_keeps(drive))
		print("Preserving SAN device 0x%02x\n", drive);
	else
		san_unhook(drive);
	return rc;
}

/* What the settings say, printed as it is read. */
static int boot_settings(void)
{
	char *filename = NULL, *root_path = NULL, *uri = NULL;
	uint32_t server = next_server();
	int rc = fetch_text("filename", &filename);

	if (!rc)
		rc = fetch_text("root-path", &root_path);
	if (server)
		print("Next server: " IPV4_FMT "\n", IPV4_ARG(server));
	if (filename)
		print("Filename: %s\n", filename);
	if (root_path)
		print("Root path: %s\n", root_path);
	if (!rc && filename && root_path && !is_san_path(root_path)) {
		print("Ignoring unsupported root path\n");
		heap_free(root_path);
		root_path = NULL;
	}
	if (!rc && filename)
		rc = filename_uri(filename, &uri);
	if (!rc && !filename && !root_path)
		rc = fail(E_BOOT_NOTHING,
			  "Nothing to boot: DHCP gave neither filename nor root-path");
	if (!rc)
		rc = boot_uri(uri, root_path);
	heap_free(uri);
	heap_free(root_path);
	heap_free(filename);
	return rc;
}

/* DHCP on @cards, then what the answer of the *@chosen one says. */
static int boot_from(struct nic **cards, unsigned count, struct nic **chosen)
{
	struct dhcp_options options = {.chosen = chosen};
	int rc = dhcp_run(cards, count, &options);

	if (rc)
		return rc;
	netif_print_routes();
	if (!setting_exists("", "filename") && !setting_exists("", "root-path")) {
		rc = dhcp_proxy_wait();
		if (rc)
			return rc;
	}
	return boot_settings();
}

/* Forget @nic and what its server said. */
static unsigned drop_card(struct nic **cards, unsigned count, struct nic *nic)
{
	char scope[24];
	unsigned left = 0;

	format(scope, sizeof(scope), "%s.dhcp", nic->name);
	netif_close(nic);
	settings_clear_scope(scope);
	settings_clear_scope("proxydhcp");
	for (unsigned i = 0; i < count; i++) {
		if (cards[i] != nic)
			cards[left++] = cards[i];
	}
	return left;
}

/* When nothing can be booted over the card that was chosen, the others get their turn; unless a
 * drive stays hooked over it. */
int autoboot(struct nic **cards, unsigned count)
{
	struct nic *left[NIC_CARDS_MAX];
	int rc;

	if (!count)
		return nic_none();
	memcpy(left, cards, count * sizeof(struct nic *));
	for (;;) {
		struct nic *chosen = NULL;

		rc = boot_from(left, count, &chosen);
		if (!rc || rc == E_CANCELLED || !chosen || count == 1 || san_any_hooked())
			return rc;
		report_failure(rc);
		print("Trying the other cards\n");
		count = drop_card(left, count, chosen);
	}
}
