/* SPDX-License-Identifier: BSD-2-Clause */
/* What a DHCP reply means, and how it becomes settings. */
#include "netstack/dhcp.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

/* Sub-options of option 175. */
#define IPXE_PRIORITY	1
#define IPXE_SCRIPTLET	81
#define IPXE_NO_PXEDHCP 176

/* ---- Meaning ---- */

uint32_t dhcp_server_of(const struct dhcp_reply *reply)
{
	uint32_t server = dhcp_option_u32(reply, TAG_SERVER_ID, reply->siaddr);

	return server ? server : reply->source;
}

bool dhcp_is_pxe(const struct dhcp_reply *reply)
{
	size_t len;
	const uint8_t *class = dhcp_option(reply, TAG_VENDOR_CLASS, &len);

	return class && len >= 9 && !memcmp(class, "PXEClient", 9);
}

static bool has_text(const struct dhcp_reply *reply, uint8_t tag)
{
	size_t len;
	const uint8_t *value = dhcp_option(reply, tag, &len);

	return value && dhcp_trim(value, len);
}

static bool has_suboption(const struct dhcp_reply *reply, uint8_t tag, uint8_t sub)
{
	size_t len;

	return dhcp_suboption(reply, tag, sub, &len) != NULL;
}

bool dhcp_needs_no_proxy(const struct dhcp_reply *reply)
{
	size_t len;
	const uint8_t *alone = dhcp_suboption(reply, TAG_IPXE, IPXE_NO_PXEDHCP, &len);

	return (alone && len && alone[0]) || dhcp_has_boot_info(reply);
}

bool dhcp_has_boot_info(const struct dhcp_reply *reply)
{
	if (reply->file[0] || has_text(reply, TAG_FILENAME) || has_text(reply, TAG_ROOT_PATH) ||
	    has_suboption(reply, TAG_IPXE, IPXE_SCRIPTLET))
		return true;
	return dhcp_is_pxe(reply) && (has_suboption(reply, TAG_VENDOR_INFO, PXE_BOOT_SERVERS) ||
				      has_suboption(reply, TAG_VENDOR_INFO, PXE_BOOT_MENU));
}

int dhcp_priority(const struct dhcp_reply *reply)
{
	size_t len;
	const uint8_t *value = dhcp_suboption(reply, TAG_IPXE, IPXE_PRIORITY, &len);

	return value && len ? (int8_t)value[0] : 0;
}

/* ---- Storing ---- */

static void store(const char *scope, uint32_t tag, const uint8_t *value, size_t len)
{
	const struct setting *setting = setting_by_tag(tag);
	const char *type = setting ? setting->type : "string";
	char number[16];

	if (tag > TAG_END)
		format(number, sizeof(number), "%u.%u", (unsigned)(tag >> 8),
		       (unsigned)(tag & 255));
	else
		format(number, sizeof(number), "%u", (unsigned)tag);
	if (setting && !strcmp(type, "string")) {
		size_t trimmed = dhcp_trim(value, len);

		if (trimmed != len)
			log_debug("dhcp", 1, "%s/%s: trailing bytes removed", scope, setting->name);
		len = trimmed;
	}
	if (len && setting_store_raw(scope, setting ? setting->name : number, type, value, len,
				     SOURCE_DHCP))
		log_debug("dhcp", 1, "%s/%s was not stored", scope, number);
}

struct encapsulated {
	const char *scope;
	uint8_t tag;
};

static bool store_sub(uint8_t sub, const uint8_t *value, size_t len, void *ctx)
{
	const struct encapsulated *outer = ctx;

	store(outer->scope, SETTING_TAG(outer->tag, sub), value, len);
	return true;
}

static void store_address(const char *scope, const char *name, uint32_t address)
{
	uint8_t raw[4];

	put_be32(raw, address);
	if (address)
		setting_store_raw(scope, name, "ipv4", raw, sizeof(raw), SOURCE_DHCP);
}

/* Option 67 counts only without a file field. One that fills its field may have been cut. */
static void store_filename(const char *scope, const struct dhcp_reply *reply)
{
	if (!reply->file[0])
		return;
	setting_store_raw(scope, "filename", "string", reply->file, strlen(reply->file),
			  SOURCE_DHCP);
	if (reply->file_full)
		print("%s/filename has %u characters and may have been cut by the server: use "
		      "option 67, or a shorter one\n",
		      scope, (unsigned)strlen(reply->file));
}

/* A path, unlike a URI, needs a server. */
static bool needs_server(const struct dhcp_reply *reply)
{
	char name[DHCP_PACKET_MAX + 1];
	size_t len;
	const uint8_t *option = dhcp_option(reply, TAG_FILENAME, &len);

	if (reply->file[0])
		return !strstr(reply->file, "://");
	if (!option)
		return false;
	len = dhcp_trim(option, len);
	memcpy(name, option, len);
	name[len] = '\0';
	return len && !strstr(name, "://");
}

/* Option 66 as text; an empty string when there is none. */
static void server_name(const struct dhcp_reply *reply, char *text, size_t size)
{
	size_t len;
	const uint8_t *name = dhcp_option(reply, TAG_SERVER_NAME, &len);

	if (!name || !dhcp_trim(name, len)) {
		text_copy(text, size, reply->server_name);
		return;
	}
	len = min(dhcp_trim(name, len), size - 1);
	memcpy(text, name, len);
	text[len] = '\0';
}

static void take_dhcp_server(const char *scope, const struct dhcp_reply *reply)
{
	uint32_t server = dhcp_server_of(reply);

	print("%s: DHCP gave a file name but no server for it (siaddr, option 66); "
	      "taking the DHCP server " IPV4_FMT "\n",
	      scope, IPV4_ARG(server));
	store_address(scope, "next-server", server);
}

/* siaddr, else option 66 when it is an address; a name waits for dhcp_store_named_server(). */
static void store_next_server(const char *scope, const struct dhcp_reply *reply)
{
	uint32_t server = reply->siaddr;
	char name[256];

	server_name(reply, name, sizeof(name));
	if (!server && !text_to_ipv4(name, &server))
		server = 0;
	if (server)
		store_address(scope, "next-server", server);
	else if (!name[0] && needs_server(reply))
		take_dhcp_server(scope, reply);
}

void dhcp_store_named_server(const char *scope, const struct dhcp_reply *reply)
{
	uint32_t server;
	char name[256];

	server_name(reply, name, sizeof(name));
	if (reply->siaddr || !name[0] || text_to_ipv4(name, &server) || !needs_server(reply))
		return;
	if (dns_resolve(name, &server, 1) == 1) {
		store_address(scope, "next-server", server);
		return;
	}
	print("%s: %s\n", scope, error_text());
	take_dhcp_server(scope, reply);
}

/* Option 249 is an old name of 121. */
static void store_static_routes(const char *scope, const struct dhcp_reply *reply)
{
	size_t len;
	const uint8_t *routes = dhcp_option(reply, TAG_STATIC_ROUTES, &len);

	if (!routes) {
		routes = dhcp_option(reply, TAG_STATIC_ROUTES_MS, &len);
		if (routes)
			store(scope, TAG_STATIC_ROUTES, routes, len);
	}
	if (routes && reply->present[3])
		log_debug("dhcp", 1,
			  "%s: option %u is present: the router option is ignored "
			  "(RFC 3442); add 0.0.0.0/0 to it",
			  scope,
			  reply->present[TAG_STATIC_ROUTES] ? TAG_STATIC_ROUTES
							    : TAG_STATIC_ROUTES_MS);
}

void dhcp_store(const char *scope, const struct dhcp_reply *reply)
{
	settings_clear_scope(scope);
	for (unsigned tag = 1; tag < TAG_END; tag++) {
		size_t len;
		const uint8_t *value = dhcp_option(reply, (uint8_t)tag, &len);
		struct encapsulated outer = {scope, (uint8_t)tag};

		if (!value)
			continue;
		store(scope, tag, value, len);
		if (tag == TAG_VENDOR_INFO || tag == TAG_IPXE)
			dhcp_walk(value, len, store_sub, &outer);
	}
	store_static_routes(scope, reply);
	store_filename(scope, reply);
	if (reply->server_name[0] && !reply->present[TAG_SERVER_NAME])
		store(scope, TAG_SERVER_NAME, (const uint8_t *)reply->server_name,
		      strlen(reply->server_name));
	store_next_server(scope, reply);
	store_address(scope, "ip", reply->yiaddr);
}
