/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network as seen by its users: one poll loop, and waiting on it.
 *
 * Protocols above are straight-line code: send, then
 *
 *	rc = wait_until(answer_arrived, clock_ms() + 5000);
 *
 * Waiting polls the cards, runs timers and answers the keyboard.
 */
#ifndef NETSTACK_NET_H
#define NETSTACK_NET_H

#include "lib/base.h"
#include "lib/list.h"
#include "nic/nic.h"
#include "bios/clock.h"

#define DEADLINE_NEVER UINT64_MAX

/** One turn: cards, TCP timers and batched ACKs, registered timers, doorbells. Never waits. Not
 * re-entered: a call from inside itself returns at once. */
void net_poll(void);

/** One turn of waiting: net_poll(), then 0, E_CANCELLED (Ctrl-C, or wait_cancelled_at has come),
 * or E_TIMEOUT past @deadline (clock_ms() time). Records no sentence: the caller knows what it
 * waited for. */
int wait_turn(uint64_t deadline);
/** Moves on with every turn, and is odd inside of one. */
extern unsigned wait_turns;

/** clock_ms() time from which on every wait is cancelled (boot-timeout); DEADLINE_NEVER: none. */
extern uint64_t wait_cancelled_at;

/** Wait until @condition (an expression, looked at in every turn) holds: 0, E_CANCELLED or
 * E_TIMEOUT. @deadline is computed once. */
#define wait_until(condition, deadline)                                                            \
	({                                                                                         \
		const uint64_t wait_deadline = (deadline);                                         \
		int wait_rc = 0;                                                                   \
		while (!(condition) && !(wait_rc = wait_turn(wait_deadline)))                      \
			;                                                                          \
		wait_rc;                                                                           \
	})

/** A function that net_poll() calls when its time has come. */
struct net_timer {
	struct list link;
	uint64_t due; /* clock_ms(); 0: stopped */
	void (*expired)(struct net_timer *timer);
};
void net_timer_start(struct net_timer *timer, uint64_t due);
void net_timer_stop(struct net_timer *timer);

/** Is @timer running? */
static inline bool net_timer_running(const struct net_timer *timer)
{
	return timer->due != 0;
}

/** Work that net_poll() does after the cards were polled: TCP output, ACK batches… */
struct net_poller {
	void (*poll)(void);
};
TABLE(net_poller);

/* ---- Interfaces: a card's IPv4 configuration (netstack/netif.c) ---- */

struct route {
	uint32_t network, mask, gateway; /* gateway 0: on link */
};
#define NETIF_ROUTES 16

struct netif {
	struct nic *nic;
	uint32_t address; /* host order; 0: none */
	uint32_t netmask;
	uint32_t mtu;
	struct route routes[NETIF_ROUTES]; /* longest prefix first */
	unsigned route_count;
	unsigned complaints, said; /* of this configuration, and of the one before: bits */
	uint64_t blocked_until;	   /* the switch said that its port does not forward yet */
};

/** Interface of @nic, made (and configured from the settings) when it has none; NULL only when
 * out of memory. */
struct netif *netif_for(struct nic *nic);

/** Re-read every card's ip, netmask, gateway, static-routes, mtu from the settings. Also runs as
 * a setting_applicator. */
void netif_configure_all(void);
/** While held, stores do not reconfigure; releasing does it once. For storing a whole lease. */
void netif_configure_hold(bool hold);
/** Close @nic: its lease is no longer renewed, its neighbours are forgotten. */
void netif_close(struct nic *nic);
/** Choose card and next hop towards @dest (host order); NULL when there is no route. */
struct netif *netif_route(uint32_t dest, uint32_t *next_hop);
/** Record why netif_route() found nothing for @dest, and what to do; returns the error. */
int netif_no_route(uint32_t dest);
/** Could @address be a host's: not of 0/8, 127/8, a group, or 240/4 with the broadcast address? */
bool ipv4_is_host(uint32_t address);
/** Is @address a broadcast address on @netif? */
bool netif_is_broadcast(const struct netif *netif, uint32_t address);
/** `route`: one line a card. */
void netif_print_routes(void);

/* ---- Ethernet and ARP ---- */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_LLC  0 /* not a type: frames with an IEEE 802.3 length field */

struct ethertype {
	uint16_t type;
	/** @offset: where the payload begins in part[0]. */
	void (*receive)(struct nic *nic, const struct rx_frame *frame, uint32_t offset);
};
TABLE(ethertype);

/** What arrived and went nowhere, by reason; shown by `ifstat`, used by tests. */
struct net_drops {
	uint32_t ethernet_short, ethernet_address, ethernet_type;
	uint32_t ipv4_header, ipv4_checksum, ipv4_address, ipv4_protocol, ipv4_fragment;
	uint32_t udp_length, udp_checksum, udp_port;
	uint32_t icmp, arp, no_buffer, unresolved;
};
extern struct net_drops net_drops;

/** Where nic_receiver points: every received frame enters the stack here. */
void ethernet_receive(struct nic *nic, const struct rx_frame *frame);
/** Fill the Ethernet header at @frame->data. */
void ethernet_header(struct nic *nic, struct tx_frame *frame, const uint8_t *dest, uint16_t type);

/** MAC of on-link @ip: true and @mac, or false (a request goes out; ask again later). */
bool arp_lookup(struct netif *netif, uint32_t ip, uint8_t *mac);
/** Send @frame (an IPv4 packet; room for the Ethernet header is left) to on-link @ip, now or when
 * its MAC is known: one frame a neighbour waits. The frame is consumed. */
void arp_send(struct netif *netif, uint32_t ip, struct tx_frame *frame);
/** Nothing comes back from @ip: ask for its MAC again while going on with the known one; called
 * again a second later, ask everybody. */
void arp_suspect(struct netif *netif, uint32_t ip);
/** Were requests for @ip sent lately, and none answered? For messages. */
bool arp_unanswered(uint32_t ip);
/** RFC 5227 probe: 0 when nobody answers for @ip within @timeout_ms, else E_ARP_CONFLICT. */
int arp_probe(struct nic *nic, uint32_t ip, unsigned timeout_ms, uint8_t *owner);
void arp_announce(struct netif *netif);
/** `nstat`: the known neighbours. */
void arp_print(void);
/** Forget what was learnt through @nic. */
void arp_flush(struct nic *nic);

/* ---- IPv4 ---- */

#define IP_ICMP 1
#define IP_TCP	6
#define IP_UDP	17

/** A received datagram: header fields in host order, payload as parts of the frame. */
struct ip_packet {
	struct nic *nic;
	uint32_t source, dest;
	uint8_t protocol;
	bool csum_ok; /* the card verified the transport checksum */
	uint32_t len; /* payload bytes */
	uint32_t parts;
	struct {
		const uint8_t *data;
		uint32_t len;
	} part[NIC_RX_PARTS]; /* part[0] holds the whole transport header */
};

struct ip_protocol {
	uint8_t protocol;
	void (*receive)(const struct ip_packet *packet);
};
TABLE(ip_protocol);

#define IPV4_HEADER 20

/** Where the transport header goes in a frame: after Ethernet and IPv4 headers. */
#define IP_PAYLOAD(frame) ((frame)->data + ETH_HEADER + IPV4_HEADER)

/**
 * Send @frame, whose transport part (header and payload, @len bytes) is already
 * written at IP_PAYLOAD(). Headers are filled in; while the next hop's MAC is
 * unknown the frame waits in the ARP queue (one a neighbour; older ones drop).
 * @source goes into the header as it is (0: 0.0.0.0, for DHCP). The frame is consumed.
 */
void ipv4_send(struct netif *netif, uint32_t source, uint32_t dest, uint32_t next_hop,
	       uint8_t protocol, struct tx_frame *frame, size_t len);
/**
 * Internet checksum (RFC 1071). Sums are of 16-bit words as they lie in memory,
 * so results are stored and compared as they lie in memory too (put_le16).
 * checksum_add: @data added to @sum, not yet folded. A piece of odd length may
 * only be the last one.
 * checksum_fold: the folded complement, ready for the header; 0 when a received
 * packet with its checksum was summed. For NIC_TX_CSUM the header takes the
 * uncomplemented sum of the pseudo header: (uint16_t)~checksum_fold(sum).
 */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_fold(uint32_t sum);
/** Sum of the pseudo header, to start a transport checksum with; addresses in host order. */
uint32_t checksum_pseudo(uint32_t source, uint32_t dest, uint8_t protocol, uint32_t len);
/** Verify the transport checksum over all parts, unless the card did. */
bool ip_checksum_ok(const struct ip_packet *packet);

/* ---- UDP ---- */

struct udp_socket;
typedef void (*udp_receiver)(struct udp_socket *socket, uint32_t source, uint16_t source_port,
			     const uint8_t *data, size_t len);
struct udp_socket {
	struct list link;
	uint16_t port;	 /* local, host order */
	struct nic *nic; /* only this card's datagrams; NULL: any */
	udp_receiver receive;
	void *ctx;
	/** A host refused what was sent (ICMP destination unreachable, @code); may be NULL. */
	void (*unreachable)(struct udp_socket *socket, uint32_t dest, uint16_t port, int code);
};
/** Open on @port, 0: a random free one. Clears socket->unreachable. */
int udp_open(struct udp_socket *socket, uint16_t port, struct nic *nic, udp_receiver receive,
	     void *ctx);
void udp_close(struct udp_socket *socket);
/** Send one datagram; routes by destination. */
int udp_send(struct udp_socket *socket, uint32_t dest, uint16_t dest_port, const void *data,
	     size_t len);
/** Send to the multicast group @group on @nic. */
int udp_multicast(struct udp_socket *socket, struct nic *nic, uint32_t group, uint16_t dest_port,
		  const void *data, size_t len);
/** Broadcast on @nic from @source (0.0.0.0 before an address is known). */
int udp_broadcast(struct udp_socket *socket, struct nic *nic, uint32_t source, uint16_t dest_port,
		  const void *data, size_t len);

/** Gets the datagrams that no socket is for; NULL: they are dropped. */
typedef void (*udp_unclaimed_receiver)(const struct ip_packet *packet, uint16_t source_port,
				       uint16_t dest_port, const uint8_t *data, size_t len);
extern udp_unclaimed_receiver udp_unclaimed;

/** From ICMP: @dest:@port is unreachable from local @local_port. */
void udp_unreachable(uint32_t dest, uint16_t port, uint16_t local_port, int code);

/* ---- ICMP echo ---- */

struct ping {
	uint32_t dest;
	uint16_t id, sequence;
	uint64_t sent_us;
	uint64_t rtt_us; /* of the last reply */
	size_t reply_len;
	bool answered;
	int unreachable; /* ICMP code + 1 when a router or the host said so */
};
/** Send one echo request with @size bytes of data; 0 or an error after fail(). */
int ping_send(struct ping *ping, size_t size);
/** No more answers for @ping: it goes out of scope. */
void ping_end(struct ping *ping);

/* ---- Names ---- */

/** Resolve @name (or dotted quad) to at most @max addresses (host order); returns their number
 * or an error after fail(). Waits; Ctrl-C works. */
int dns_resolve(const char *name, uint32_t *addresses, unsigned max);

/* ---- Links and addresses ---- */

/** Wait until one of @cards, those that are open, has a link; @patient: exactly @timeout_ms, else
 * only 5 s when none was ever seen. Prints the classic line. */
int link_wait(struct nic **cards, unsigned count, unsigned timeout_ms, bool patient);

/** Did the switch say (spanning tree) that its port at @nic does not forward yet? */
bool link_blocked(struct nic *nic);

struct dhcp_options {
	unsigned timeout_ms; /* patience, also for the first link; 0: 60 s, and 15 s (5 s when none
			      * was ever seen) for the link */
	struct nic **chosen; /* where to put the card that got the lease; may be NULL */
};
/**
 * DHCP on @count cards side by side (RFC 2131). The chosen card's lease lands in
 * scope "netN.dhcp", the others close. 0, or an error after fail().
 * Prints "Configuring (net0 52:54:00:12:34:56)...... ok".
 */
int dhcp_run(struct nic **cards, unsigned count, const struct dhcp_options *options);
/**
 * A lease without boot information is usable at once; proxy offers are listened
 * for until 2 s after it. Whoever is about to say "nothing to boot" waits for
 * the end of that time first. Returns 0 or E_CANCELLED.
 */
int dhcp_proxy_wait(void);
/** Forget the lease of @nic: no renewal. */
void dhcp_lease_end(struct nic *nic);

#endif
