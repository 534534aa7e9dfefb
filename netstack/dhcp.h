/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of DHCP share: messages (dhcp_packet.c), what is asked for
 * (dhcp_request.c), where answers are stored (dhcp_settings.c), renewal
 * (dhcp_lease.c) and the client itself (dhcp.c).
 */
#ifndef NETSTACK_DHCP_H
#define NETSTACK_DHCP_H

#include "lib/base.h"
#include "netstack/net.h"

#define DHCP_PACKET_MAX	 1472 /* option 57, and what we read */
#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define PXE_SERVER_PORT	 4011

enum dhcp_type {
	DHCP_BOOTP = 0, /* no option 53 */
	DHCP_DISCOVER = 1,
	DHCP_OFFER = 2,
	DHCP_REQUEST = 3,
	DHCP_ACK = 5,
	DHCP_NAK = 6,
};

/* Options, RFC 2132 unless said. */
enum dhcp_tag {
	TAG_PAD = 0,
	TAG_SUBNET_MASK = 1,
	TAG_ROOT_PATH = 17,
	TAG_VENDOR_INFO = 43,
	TAG_REQUESTED_ADDRESS = 50,
	TAG_LEASE_TIME = 51,
	TAG_OVERLOAD = 52,
	TAG_TYPE = 53,
	TAG_SERVER_ID = 54,
	TAG_PARAMETERS = 55,
	TAG_MESSAGE = 56,
	TAG_MAX_SIZE = 57,
	TAG_T1 = 58,
	TAG_T2 = 59,
	TAG_VENDOR_CLASS = 60,
	TAG_CLIENT_ID = 61,
	TAG_SERVER_NAME = 66,
	TAG_FILENAME = 67,
	TAG_USER_CLASS = 77,
	TAG_CLIENT_ARCH = 93, /* RFC 4578 */
	TAG_CLIENT_NDI = 94,
	TAG_CLIENT_UUID = 97,
	TAG_STATIC_ROUTES = 121, /* RFC 3442 */
	TAG_IPXE = 175,
	TAG_STATIC_ROUTES_MS = 249, /* the same, before it had a number */
	TAG_END = 255,
};

/* Sub-options of option 43 in a PXE server's reply (PXE 2.1 table 2-1). */
enum pxe_tag {
	PXE_DISCOVERY_CONTROL = 6,
	PXE_MULTICAST = 7,
	PXE_BOOT_SERVERS = 8,
	PXE_BOOT_MENU = 9,
	PXE_MENU_PROMPT = 10,
	PXE_BOOT_ITEM = 71,
};

/* ---- Messages ---- */

/** A parsed reply: options joined (RFC 3396) across the fields that hold them (overload). */
struct dhcp_reply {
	uint32_t source; /* who sent it */
	uint16_t source_port;
	uint32_t xid, yiaddr, siaddr;
	uint8_t chaddr[ETH_ALEN];
	uint8_t type;	/* enum dhcp_type */
	char file[129]; /* BOOTP fields as text, trimmed; empty when they held options */
	char server_name[65];
	bool file_full; /* all 128 bytes were used: cut? */
	uint16_t offset[256], length[256];
	bool present[256];
	uint8_t data[DHCP_PACKET_MAX];
};

/** Parse a reply of a server; false when it is none. */
bool dhcp_parse(struct dhcp_reply *reply, const void *data, size_t len);
/** Option @tag and its length, or NULL. */
const uint8_t *dhcp_option(const struct dhcp_reply *reply, uint8_t tag, size_t *len);
/** Option of four bytes in host order, or @fallback. */
uint32_t dhcp_option_u32(const struct dhcp_reply *reply, uint8_t tag, uint32_t fallback);
/** Sub-option @sub of the encapsulating option @tag, or NULL. */
const uint8_t *dhcp_suboption(const struct dhcp_reply *reply, uint8_t tag, uint8_t sub,
			      size_t *len);
/** Call @visit for each option in @data until it returns false or the data ends. */
void dhcp_walk(const uint8_t *data, size_t len,
	       bool (*visit)(uint8_t tag, const uint8_t *value, size_t value_len, void *ctx),
	       void *ctx);
/** Length of text without trailing NUL, 0xff and blanks. */
size_t dhcp_trim(const uint8_t *text, size_t len);

struct dhcp_writer {
	uint8_t *data;
	size_t size, len;
};
void dhcp_begin(struct dhcp_writer *w, uint8_t *buf, size_t size, const uint8_t *mac);
void dhcp_put(struct dhcp_writer *w, uint8_t tag, const void *value, size_t len);
void dhcp_put_u32(struct dhcp_writer *w, uint8_t tag, uint32_t value);
/** End option; the length of the message. */
size_t dhcp_end(struct dhcp_writer *w);

/* ---- What we say ---- */

struct dhcp_request {
	struct nic *nic;
	enum dhcp_type type;
	uint32_t xid;
	uint16_t secs;
	bool broadcast;	    /* answers must be broadcast */
	uint32_t ciaddr;    /* our address when renewing */
	uint32_t server_id; /* options 54 and 50, 0: not sent */
	uint32_t requested;
	bool asks_boot_server; /* of that type: option 43.71 */
	uint16_t boot_server_type;
};
/** Build the message @request into @buf of DHCP_PACKET_MAX bytes; its length. */
size_t dhcp_build(const struct dhcp_request *request, uint8_t *buf);

/* ---- What a reply means ---- */

/** Identity of the server: option 54, else siaddr, else the sender. */
uint32_t dhcp_server_of(const struct dhcp_reply *reply);
/** Does the reply say what to boot (file, root path, script, PXE menu)? */
bool dhcp_has_boot_info(const struct dhcp_reply *reply);
/** Does it, or say that no proxy will (no-pxedhcp)? */
bool dhcp_needs_no_proxy(const struct dhcp_reply *reply);
/** Is the sender a PXE service (option 60 "PXEClient")? */
bool dhcp_is_pxe(const struct dhcp_reply *reply);
/** Priority (175.1) of an offer. */
int dhcp_priority(const struct dhcp_reply *reply);
/** Replace @scope ("net0.dhcp", "proxydhcp") by what @reply says. */
void dhcp_store(const char *scope, const struct dhcp_reply *reply);

/** Where option 66 names the server of a boot file, look the name up and store the address. Waits;
 * needs the lease to be in use. */
void dhcp_store_named_server(const char *scope, const struct dhcp_reply *reply);

/* ---- Renewal ---- */

/** Keep the lease of @ack alive as long as the card is open. */
void dhcp_lease_begin(struct nic *nic, const struct dhcp_reply *ack);
/** Leave the client's port of @nic to somebody else; a renewal under way is tried again later. */
void dhcp_lease_pause(struct nic *nic);

#endif
