/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP packets that a program asks for (GET_CACHED_INFO, PXE 2.1 section
 * 3.2.5), made from the settings as they are when it starts: the client's
 * DHCPDISCOVER, the server's DHCPACK, and the reply of a proxy or boot server.
 *
 * A setting that the user made beats all others, so `set 210:string …` and
 * `set filename …` reach the program. Next, file name and server are those that
 * the program itself was loaded from: that is where it looks for its own files.
 * All else is what the card's DHCP server said, and in the last packet what a
 * proxy or boot server said.
 *
 * A packet is a BOOTPLAYER_t: 236 bytes of BOOTP and 1024 of options. What does
 * not fit is left out, the options that programs need come first.
 */
#include "boot/pxe_packets.h"
#include "lib/format.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/dhcp.h"

#define OP_REPLY     2
#define YIADDR	     16
#define SIADDR	     20
#define SNAME	     44
#define SNAME_LEN    64
#define FILE_NAME    108
#define FILE_LEN     128
#define TAG_HOSTNAME 12
#define TAG_LOADER_1 209 /* PXELINUX: configuration file, path prefix, reboot time (RFC 5071) */
#define TAG_LOADER_3 211

/* The boot file's name and server, for the fields and options 66 and 67. */
struct boot_file {
	char name[1024];
	char host[256];
	uint32_t server;
};

/* Where the options of one packet come from. */
struct source {
	struct nic *nic;
	const struct uri *uri; /* of the program; may be NULL */
	bool proxy;	       /* a proxy's or boot server's values go before the DHCP server's */
};

/* Tags that are said by clients, or that describe the packet itself. */
static bool is_clients_own(unsigned tag)
{
	static const uint8_t tags[] = {
		TAG_PAD,      TAG_REQUESTED_ADDRESS, TAG_OVERLOAD,    TAG_TYPE,
		TAG_MAX_SIZE, TAG_CLIENT_ID,	     TAG_CLIENT_ARCH, TAG_CLIENT_NDI,
		TAG_END,      TAG_PARAMETERS,	     TAG_USER_CLASS,  TAG_CLIENT_UUID,
	};

	return memchr(tags, (int)tag, sizeof(tags)) != NULL;
}

/* Those that programs need, in the order in which they get room; the others follow by number. */
static const uint8_t important[] = {
	TAG_SERVER_ID,
	TAG_LEASE_TIME,
	TAG_SUBNET_MASK,
	3,
	6,
	TAG_HOSTNAME,
	15,
	TAG_ROOT_PATH,
	TAG_LOADER_1,
	210,
	TAG_LOADER_3,
};

/* ---- Settings ---- */

static struct setting_value value; /* too large for the stack */

static bool fetch_in(const char *scope, const char *name)
{
	char path[48];

	format(path, sizeof(path), "%s/%s", scope, name);
	return !setting_fetch(path, &value) && value.len;
}

static bool is_users(void)
{
	return value.source == SOURCE_SCRIPT || value.source == SOURCE_CMDLINE;
}

/* Fetch @name as the program shall see it into `value`. */
static bool fetch(const struct source *source, const char *name)
{
	const char *card = source->nic->name;
	bool found = fetch_in(card, name);

	if (!source->proxy || (found && is_users()))
		return found;
	return fetch_in("pxebs", name) || fetch_in("proxydhcp", name) || fetch_in(card, name);
}

/* The same as text, when anybody set it, or only when the user did; "" otherwise. */
static void fetch_text(const struct source *source, const char *name, bool by_user, char *text,
		       size_t size)
{
	text[0] = '\0';
	if (fetch(source, name) && (!by_user || is_users()))
		setting_show(&value, text, size);
}

/* ---- The boot file ---- */

/* What the program was loaded from: a path on a TFTP server, else the whole address. */
static void file_of_program(const struct uri *uri, struct boot_file *file)
{
	memset(file, 0, sizeof(*file));
	if (!uri)
		return;
	if (uri->scheme && !strcmp(uri->scheme, "tftp") && uri->path)
		uri_decode(uri->path + (uri->path[0] == '/'), file->name, sizeof(file->name));
	else
		text_copy(file->name, sizeof(file->name), uri->text);
	text_copy(file->host, sizeof(file->host), uri->host ? uri->host : "");
	if (file->host[0] && dns_resolve(file->host, &file->server, 1) != 1)
		file->server = 0;
}

static void find_boot_file(const struct source *source, struct boot_file *file)
{
	char text[1024];

	file_of_program(source->uri, file);
	fetch_text(source, "filename", file->name[0] != '\0', text, sizeof(text));
	if (text[0])
		text_copy(file->name, sizeof(file->name), text);
	fetch_text(source, "next-server", file->server != 0, text, sizeof(text));
	if (text[0] && text_to_ipv4(text, &file->server))
		text_copy(file->host, sizeof(file->host), text);
	fetch_text(source, "66", file->host[0] != '\0', text, sizeof(text));
	if (text[0])
		text_copy(file->host, sizeof(file->host), text);
}

/* ---- Packets ---- */

static void put_setting(struct dhcp_writer *w, const struct source *source, unsigned tag)
{
	char name[4];

	format(name, sizeof(name), "%u", tag);
	if (fetch(source, name))
		dhcp_put(w, (uint8_t)tag, value.raw, value.len);
}

static void put_text(struct dhcp_writer *w, uint8_t tag, const char *text)
{
	if (text[0])
		dhcp_put(w, tag, text, strlen(text));
}

static void put_options(struct dhcp_writer *w, const struct source *source,
			const struct boot_file *file)
{
	const uint8_t type = DHCP_ACK;

	dhcp_put(w, TAG_TYPE, &type, 1);
	for (unsigned i = 0; i < sizeof(important); i++)
		put_setting(w, source, important[i]);
	put_text(w, TAG_SERVER_NAME, file->host);
	put_text(w, TAG_FILENAME, file->name);
	for (unsigned tag = 1; tag < TAG_END; tag++) {
		if (!is_clients_own(tag) && tag != TAG_SERVER_NAME && tag != TAG_FILENAME &&
		    !memchr(important, (int)tag, sizeof(important)))
			put_setting(w, source, tag);
	}
}

/* A field of the BOOTP header is filled to its end at most: its text need not end in it. */
static void put_field(uint8_t *field, size_t size, const char *text)
{
	memcpy(field, text, min(strlen(text), size));
}

static void build_reply(uint8_t *packet, const struct source *source, uint32_t xid)
{
	static struct boot_file file;
	struct netif *netif = netif_for(source->nic);
	struct dhcp_writer w;

	find_boot_file(source, &file);
	dhcp_begin(&w, packet, PXE_PACKET_SIZE, source->nic->mac);
	packet[0] = OP_REPLY;
	put_be32(packet + 4, xid);
	put_be32(packet + YIADDR, netif ? netif->address : 0);
	put_be32(packet + SIADDR, file.server);
	put_field(packet + SNAME, SNAME_LEN, file.host);
	put_field(packet + FILE_NAME, FILE_LEN - 1, file.name);
	put_options(&w, source, &file);
	dhcp_end(&w);
}

static void build_discover(uint8_t *packet, struct nic *nic, uint32_t xid)
{
	static uint8_t message[DHCP_PACKET_MAX];
	const struct dhcp_request request = {.nic = nic, .type = DHCP_DISCOVER, .xid = xid};

	memcpy(packet, message, min(dhcp_build(&request, message), (size_t)PXE_PACKET_SIZE));
}

void pxe_packets_build(uint8_t packets[PXE_PACKETS][PXE_PACKET_SIZE], struct nic *nic,
		       const struct uri *uri)
{
	struct source ack = {nic, uri, false}, proxy = {nic, uri, true};
	uint32_t xid = random_u32();

	memset(packets, 0, PXE_PACKETS * PXE_PACKET_SIZE);
	build_discover(packets[0], nic, xid);
	build_reply(packets[1], &ack, xid);
	build_reply(packets[2], &proxy, xid);
}
