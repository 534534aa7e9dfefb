/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The screen's lines to a syslog server, by UDP (RFC 3164): setting log-server,
 * or syslog, which DHCP sends as option 7.
 *
 * Lines are taken from the log ring, so what was said before the network came
 * up goes out too, once there is a route to the server. A datagram that is lost
 * is lost; nothing waits for it.
 */
#include "netstack/net.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define SYSLOG_PORT    514
#define MESSAGE_MAX    1024 /* RFC 3164 section 4.1 */
#define LINES_PER_TURN 8
#define PRIORITY_INFO  14 /* facility 1 (user) * 8 + severity 6 */
#define PRIORITY_ERROR 11 /* … + severity 3 */

static struct udp_socket socket;
static uint32_t server;	  /* 0: none */
static uint32_t position; /* in the ring: sent up to here */

static void ignore(struct udp_socket *from, uint32_t source, uint16_t source_port,
		   const uint8_t *data, size_t len)
{
}

/* A failure is shown with its code in parentheses. */
static unsigned priority(const char *line)
{
	return strstr(line, "(E-") ? PRIORITY_ERROR : PRIORITY_INFO;
}

/* HOSTNAME of RFC 3164 section 4.1.2 is one word; a DHCP server may have sent anything. */
static void host_name(const struct netif *netif, char *host, size_t size)
{
	if (!setting_text("", "hostname", host, size))
		format(host, size, IPV4_FMT, IPV4_ARG(netif->address));
	for (char *p = host; *p; p++) {
		if (!is_print((uint8_t)*p) || *p == ' ')
			*p = '-';
	}
}

static void send_line(const struct netif *netif, const char *line)
{
	char message[MESSAGE_MAX], host[64];
	size_t len;

	host_name(netif, host, sizeof(host));
	len = format(message, sizeof(message), "<%u>%s ipxe: %s", priority(line), host, line);
	udp_send(&socket, server, SYSLOG_PORT, message, min(len, sizeof(message) - 1));
}

static void syslog_poll(void)
{
	char line[MESSAGE_MAX];
	uint8_t mac[ETH_ALEN];
	struct netif *netif;
	uint32_t next_hop;

	if (!server || position == log_end())
		return;
	netif = netif_route(server, &next_hop);
	/* Of what waits for ARP only the last frame is kept. */
	if (!netif || !netif->address || !arp_lookup(netif, next_hop, mac))
		return;
	for (unsigned i = 0; i < LINES_PER_TURN; i++) {
		uint32_t before = log_end();

		if (!log_line(&position, line, sizeof(line)))
			return;
		if (*line)
			send_line(netif, line);
		/* What sending itself says (debug=arp) would be sent for ever. */
		if (position == before)
			position = log_end();
	}
}
TABLE_ENTRY(net_poller, syslog_poller) = {.poll = syslog_poll};

static void apply_server(void)
{
	uint32_t address = setting_ipv4("", "log-server");

	if (!address)
		address = setting_ipv4("", "syslog");
	if (address && !socket.port && udp_open(&socket, 0, NULL, ignore, NULL))
		return;
	if (!address)
		udp_close(&socket);
	server = address;
}
TABLE_ENTRY(setting_applicator, syslog_applicator) = {apply_server};

TABLE_ENTRY(setting, setting_log_server) = {
	.name = "log-server",
	.type = "ipv4",
	.description = "syslog server that gets the screen's lines; wins over syslog",
};
