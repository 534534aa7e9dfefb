/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting as DHCP says: a SAN drive (root-path), a file (filename), or both.
 *
 * With both the drive is hooked first and stays while the file runs: that is
 * how an installer finds the disk it installs to.
 */
#include "boot/boot.h"
#include "boot/image.h"
#include "boot/pxe_menu.h"
#include "boot/self.h"
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
static int filename_uri(const char *filename, uint32_t server, char **uri)
{
	if (is_full_uri(filename)) {
		*uri = text_dup(filename);
		return *uri ? 0 : fail(E_NO_MEMORY, "out of memory for the boot file's name");
	}
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

static int run_image(struct image *image)
{
	if (image->role == IMAGE_INITRD)
		image->role = IMAGE_OTHER;
	image_print(image);
	return image_execute(image);
}

/*
 * The boot file is what we are, or what started us, because of @why: running it
 * would never end. A script next to it may know better.
 */
static int break_loop(const char *filename, const char *why)
{
	struct uri *base = uri_parse(filename);
	struct uri *script = base ? uri_resolve(base, "autoexec.ipxe") : NULL;
	struct image_request request = {.uri = script ? script->text : "", .quiet = true};
	struct image *image;
	int rc;

	print("Boot loop: %s. Looking for autoexec.ipxe next to it\n", why);
	rc = script ? image_download(&request, &image) : E_URI_INVALID;
	uri_free(script);
	uri_free(base);
	if (!rc)
		return run_image(image);
	if (rc == E_CANCELLED)
		return rc;
	return fail(E_BOOT_LOOP, "%s, and there is no autoexec.ipxe next to it", why);
}

/* A script may mean to come back here; a program that leads here would do so for ever. */
static int run_marked(struct image *image, const char *filename)
{
	int rc;

	if (image->role != IMAGE_SCRIPT)
		self_mark(filename);
	rc = run_image(image);
	self_unmark();
	return rc;
}

/* Download and run; a returning image is no failure of the boot unless it says so. *@fetched
 * tells a failed download from a failed image. */
static int run_file(const char *filename, bool *fetched)
{
	static char *ourselves; /* where this firmware came from once: not again */
	struct image_request request = {
		.uri = filename,
		.retries = fetch_retries(),
	};
	struct image *image;
	char why[200];
	int rc;

	*fetched = true;
	if (self_started_by(filename, why, sizeof(why)))
		return break_loop(filename, why);
	format(why, sizeof(why), "the file that DHCP names is this firmware itself");
	if (ourselves && !strcmp(ourselves, filename))
		return break_loop(filename, why);
	rc = image_download(&request, &image);
	*fetched = !rc;
	if (rc)
		return rc;
	if (!self_is(image))
		return run_marked(image, filename);
	image_free(image);
	heap_free(ourselves);
	ourselves = text_dup(filename);
	return break_loop(filename, why);
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
		rc = filename_uri(filename, server, &uri);
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

/* What a boot server of the type that the menu chose says. */
static int boot_by_menu(struct nic *nic, const struct pxe_offer *offer)
{
	char filename[SETTING_MAX], *uri = NULL;
	uint32_t server;
	uint16_t type;
	bool fetched;
	int rc;

	print("Booting from PXE menu\n");
	rc = pxe_menu_choose(offer, &type);
	if (rc)
		return rc;
	if (type == PXE_TYPE_LOCAL) {
		print("The local disk was chosen\n");
		return 0;
	}
	rc = boot_server_discover(nic, type);
	if (rc)
		return rc;
	if (!setting_text("", "pxebs/filename", filename, sizeof(filename)))
		return fail(E_PXEBS_NO_FILE, "the boot server of type %u names no file", type);
	server = setting_ipv4("", "pxebs/next-server");
	print("Next server: " IPV4_FMT "\nFilename: %s\n", IPV4_ARG(server), filename);
	rc = filename_uri(filename, server, &uri);
	if (!rc)
		rc = run_file(uri, &fetched);
	heap_free(uri);
	return rc;
}

/* A script of one line that came by DHCP (175.81); it may call autoboot itself. False: none. */
static bool boot_scriptlet(int *rc)
{
	static bool runs;
	char line[SETTING_MAX];

	if (runs || !setting_is_from("scriptlet", SOURCE_DHCP) ||
	    (setting_exists("", "filename") && !setting_is_from("filename", SOURCE_DHCP)))
		return false;
	setting_text("", "scriptlet", line, sizeof(line));
	runs = true;
	*rc = command_line(line);
	runs = false;
	return true;
}

/* DHCP on @cards, then what the answer of the *@chosen one says. */
static int boot_from(struct nic **cards, unsigned count, struct nic **chosen)
{
	struct dhcp_options options = {.chosen = chosen};
	struct pxe_offer offer;
	int rc = dhcp_run(cards, count, &options);

	if (rc)
		return rc;
	netif_print_routes();
	if (!setting_exists("", "filename") && !setting_exists("", "root-path")) {
		rc = dhcp_proxy_wait();
		if (rc)
			return rc;
	}
	if (boot_scriptlet(&rc))
		return rc;
	if (pxe_menu_wanted(*chosen, &offer))
		return boot_by_menu(*chosen, &offer);
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
