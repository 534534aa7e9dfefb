/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The predefined settings that are only stored: DHCP options (RFC 2132 and the
 * encapsulating option 175) and the options of the kernel command line. Those
 * that are computed, or that belong to one part of the firmware, stand there.
 */
#include "lib/settings.h"

#define PREDEFINED(id, setting_name, setting_type, setting_tag, hidden, text)                      \
	TABLE_ENTRY(setting, setting_##id) = {                                                     \
		.name = setting_name,                                                              \
		.type = setting_type,                                                              \
		.tag = setting_tag,                                                                \
		.secret = hidden,                                                                  \
		.description = text,                                                               \
	}
#define STORED(id, name, type, tag, text) PREDEFINED(id, name, type, tag, false, text)
#define SECRET(id, name, type, tag, text) PREDEFINED(id, name, type, tag, true, text)

/* Addresses. yiaddr and siaddr of the DHCP header have tags of our own. */
STORED(ip, "ip", "ipv4", SETTING_TAG(175, 2), "IPv4 address");
STORED(netmask, "netmask", "ipv4", 1, "subnet mask");
STORED(gateway, "gateway", "ipv4", 3, "default gateway");
STORED(static_routes, "static-routes", "hex", 121, "classless static routes (RFC 3442)");
STORED(dns, "dns", "ipv4", 6, "DNS servers");
STORED(domain, "domain", "string", 15, "DNS domain");
STORED(dnssl, "dnssl", "dnssl", 119, "DNS search list");
STORED(hostname, "hostname", "string", 12, "name of this host");
STORED(mtu, "mtu", "uint16", 26, "interface MTU");
STORED(ntp, "ntp", "ipv4", 42, "NTP server");
STORED(syslog, "syslog", "ipv4", 7, "syslog server");
STORED(syslogs, "syslogs", "string", SETTING_TAG(175, 85), "syslog server over TLS");
STORED(dhcp_server, "dhcp-server", "ipv4", 54, "DHCP server");
STORED(vendor_class, "vendor-class", "string", 60, "DHCP vendor class");
STORED(user_class, "user-class", "string", 77, "DHCP user class");

/* What to boot. */
STORED(next_server, "next-server", "ipv4", SETTING_TAG(175, 3), "TFTP server");
STORED(filename, "filename", "string", 67, "boot file, or its URI");
STORED(root_path, "root-path", "string", 17, "SAN disk to boot from");
STORED(scriptlet, "scriptlet", "string", SETTING_TAG(175, 81),
       "command line run instead of autoboot");
STORED(priority, "priority", "int8", SETTING_TAG(175, 1), "priority of these settings");
STORED(no_pxedhcp, "no-pxedhcp", "uint8", SETTING_TAG(175, 176), "do not wait for ProxyDHCP");

/* SAN. */
STORED(initiator_iqn, "initiator-iqn", "string", 203, "iSCSI initiator name");
STORED(keep_san, "keep-san", "int8", SETTING_TAG(175, 8), "keep the SAN disk attached at the end");
STORED(skip_san_boot, "skip-san-boot", "int8", SETTING_TAG(175, 9), "attach, do not boot from it");
STORED(san_retries, "san-retries", "int8", SETTING_TAG(175, 187), "SAN retry count");
STORED(san_filename, "san-filename", "string", SETTING_TAG(175, 188),
       "EFI boot file on the SAN disk");
STORED(san_drive, "san-drive", "uint8", SETTING_TAG(175, 189), "BIOS drive number of the SAN disk");
STORED(username, "username", "string", SETTING_TAG(175, 190), "user name");
SECRET(password, "password", "string", SETTING_TAG(175, 191), "password");
STORED(reverse_username, "reverse-username", "string", SETTING_TAG(175, 192),
       "user name of the target (mutual CHAP)");
SECRET(reverse_password, "reverse-password", "string", SETTING_TAG(175, 193),
       "password of the target (mutual CHAP)");

/* Keys. */
STORED(trust, "trust", "hex", SETTING_TAG(175, 90), "trusted root certificate fingerprints");
STORED(cert, "cert", "hex", SETTING_TAG(175, 91), "client certificate");
SECRET(privkey, "privkey", "hex", SETTING_TAG(175, 92), "client private key");
STORED(crosscert, "crosscert", "string", SETTING_TAG(175, 93), "cross-signed certificate source");

/* The kernel command line. */
STORED(debug, "debug", "string", 0, "areas whose messages are shown: tcp,dhcp:2");
STORED(quiet, "quiet", "int8", 0, "no banner at start");
STORED(cmdline, "cmdline", "string", 0, "words of the kernel command line that were not used");
