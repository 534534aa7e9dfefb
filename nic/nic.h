/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network cards: the core every driver and the stack above share.
 *
 * A driver is one file: a table of PCI ids, probe(), and five operations. The
 * core owns the transmit buffers and the list of cards; the driver owns its
 * rings. Everything is polled; interrupts stay masked.
 *
 * Receive: poll() finds filled buffers and hands each frame, in place, to
 * nic_receive(); when that returns the buffer goes back on the ring. Nobody
 * keeps a ring buffer.
 * Transmit: the stack asks for a buffer (nic_tx_get), writes the frame straight
 * into it, and hands it over (nic_tx_send); the driver's poll() reports it done.
 */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include "lib/base.h"
#include "lib/list.h"
#include "lib/table.h"
#include "bios/pci.h"

#define ETH_ALEN	6
#define ETH_HEADER	14
#define NIC_FRAME_MAX	1522		/* with one VLAN tag */
#define NIC_TSO_MAX	(64 * 1024 - 1) /* bytes of a large frame */
#define NIC_RX_PARTS	20
#define NIC_CARDS_MAX	32
#define NIC_TX_HEADROOM 16 /* bytes in front of tx_frame.data that are the driver's */

/** What a card can do; the stack leaves the rest undone. */
enum nic_feature {
	NIC_TX_CSUM = 1, /* completes an IPv4 TCP/UDP checksum from the pseudo-header sum */
	NIC_RX_CSUM = 2, /* may set NIC_RX_CSUM_OK */
	NIC_TSO4 = 4,	 /* cuts a large IPv4 TCP frame into segments */
};

enum nic_rx_flag {
	NIC_RX_CSUM_OK = 1, /* TCP/UDP checksum verified, or data never left the machine */
};

/** A received frame, in ring buffers; all headers of the frame lie in part[0]. */
struct rx_frame {
	struct {
		const uint8_t *data;
		uint32_t len;
	} part[NIC_RX_PARTS];
	uint32_t parts;
	uint32_t len; /* sum of the parts, without FCS */
	uint32_t flags;
	/* Of data that never left the machine: what a network would have carried is not there yet.
	 * Who passes the frame on completes it (netstack/frame_queue.c). */
	uint16_t csum_start;  /* the transport checksum holds the pseudo-header sum only: sum from
			       * here to the end … */
	uint16_t csum_offset; /* … and store it at csum_start + csum_offset; 0/0: complete */
	uint16_t gso_size;    /* IPv4 TCP payload of each segment that this frame is; 0: one */
};

/** A frame to send. data and size belong to the core, the rest is set by the stack. */
struct tx_frame {
	struct list link;
	uint8_t *data;	      /* where the Ethernet header goes */
	uint32_t size;	      /* room behind data */
	uint32_t len;	      /* bytes to send */
	uint16_t csum_start;  /* NIC_TX_CSUM: sum from here to the end … */
	uint16_t csum_offset; /* … stored at csum_start + csum_offset; 0/0: none asked */
	uint16_t gso_size;    /* NIC_TSO4: TCP payload of a segment, with csum_start set; 0: none */
	uint16_t header_len;  /* NIC_TSO4: Ethernet + IP + TCP headers */
	bool large;	      /* from the pool of large buffers */
	bool sent;	      /* handed over: waiting in the core or on the ring */
};

struct nic_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint32_t rx_errors, rx_dropped, tx_errors;
};

struct nic;

struct nic_ops {
	/** Bring the card from any state to running with nic->mac as its address; may set mtu and
	 * features. The core has woken the PCI function; DMA is for the driver to allow, with
	 * pci_enable_dma(), when the reset is done. 0 or an error after fail(), with
	 * nothing left allocated. */
	int (*open)(struct nic *nic);
	/** DMA off, interrupts masked, buffers free; frames on the ring need not be reported, the
	 * core takes them back. Harmless when not open. */
	void (*close)(struct nic *nic);
	/** Deliver what came (nic_receive) and give the buffers back to the ring; report what went
	 * (nic_tx_done) unless reap() does. @budget: frames to deliver at most. The stack may
	 * close the card in the middle: look at nic->open after each nic_receive(). */
	void (*poll)(struct nic *nic, unsigned budget);
	/** Report frames that went (nic_tx_done). Cheap when there are none: called in every turn,
	 * and when the buffers run out, also from within nic_receive(). NULL: poll() does it. */
	void (*reap)(struct nic *nic);
	/** Read the link (nic_link); called after open() and then every 100 ms. NULL: poll() does
	 * it. */
	void (*check_link)(struct nic *nic);
	/** Queue @frame; false when the ring is full (the core then keeps it back). Need not ring
	 * the doorbell before flush(). */
	bool (*transmit)(struct nic *nic, struct tx_frame *frame);
	/** Ring the doorbell for what transmit() queued, once a batch. */
	void (*flush)(struct nic *nic);
	/** Print chip-specific counters and registers for `ifstat`, lines indented by two blanks;
	 * only while open and not to be brought up again; may be NULL. */
	void (*report)(struct nic *nic);
	/** PHY register @reg (IEEE 802.3 clause 22): 0..0xffff, or negative when the PHY does not
	 * answer. Only while open; may be NULL. See nic/mii.h for what the core makes of it. */
	int (*phy_read)(struct nic *nic, unsigned reg);
	/** Write PHY register @reg; NULL when the PHY is not ours to change. */
	void (*phy_write)(struct nic *nic, unsigned reg, uint16_t value);
};

struct nic {
	struct list link;
	char name[8]; /* "net0" */
	unsigned index;
	const struct nic_driver *driver;
	const struct nic_ops *ops;
	struct pci_device pci;
	const char *chip; /* "82540EM", "virtio-net (modern)" */
	uint8_t mac[ETH_ALEN];
	uint8_t permanent_mac[ETH_ALEN];
	uint32_t features;
	uint32_t mtu;	   /* largest IP packet the card takes, 1500 unless told */
	uint32_t rx_burst; /* frames that a small receive ring takes at once: TCP lets senders send
			    * no more; 0: no limit worth minding */
	bool open;
	bool link_up;
	uint32_t speed; /* Mbit/s, 0 unknown */
	bool full_duplex;
	uint64_t renegotiated; /* clock_ms() when the core did so, 0: never; see nic/mii.h */
	bool slow_said;	       /* that it did not help */
	uint16_t aspm;	       /* link control bits that the core turned off */
	uint64_t opened_at;    /* clock_ms() */
	struct nic_counters counters;
	struct list tx_free, tx_free_large, tx_waiting;
	struct tx_pool *tx_pool;  /* the core's buffers */
	bool tx_queued;		  /* transmit() since the last flush() */
	uint32_t features_masked; /* what the card could do, had we memory for it */
	uint64_t link_due;	  /* clock_ms() of the next check_link() */
	uint32_t open_order;	  /* grows with each open: the highest is netX */
	const char *restart;	  /* why the card must be brought up again, or NULL */
	uint64_t restart_due;	  /* not before this time */
	uint32_t restarts;
	void *priv;	     /* the driver's */
	struct netif *netif; /* netstack's: addresses and routes */
};

struct nic_id {
	uint16_t vendor, device;
	const char *chip;
	uint32_t flags; /* the driver's quirks */
};

struct nic_driver {
	const char *name; /* "e1000" */
	const struct nic_id *ids;
	unsigned id_count;
	/** Claim nic->pci: read the MAC, set ops, features, priv. 0 or an error after fail(). */
	int (*probe)(struct nic *nic, const struct nic_id *id);
};
TABLE(nic_driver);

/** All cards, in PCI order; at most NIC_CARDS_MAX. */
extern struct list nics;
/** Copy the list to @cards; their number. */
unsigned nic_all(struct nic *cards[NIC_CARDS_MAX]);
/** Those that are open; their number. */
unsigned nic_all_open(struct nic *cards[NIC_CARDS_MAX]);
/** Open again those of @cards that something else, a program say, closed, as if they had been open
 * all the time: netX and their leases stay. What does not open is said. */
void nic_reopen(struct nic *const *cards, unsigned count);

/** Find every card; returns their number. */
unsigned nic_probe_all(void);
/** Is @nic the one that `nic=` or `BOOTIF=` asks for (MAC, vendor:device, bus:dev.fn or name)? */
bool nic_preferred(const struct nic *nic);
/** Say, once, when no card is the one that they ask for. */
void nic_check_preference(void);
/** Print @nic as `ifstat` and autoboot show it: two lines. */
void nic_print(struct nic *nic);
/** Chip, link, counters, and the driver's own report. */
void nic_print_details(struct nic *nic);
/** List the PCI network functions that no driver took, each with the nearest driver. Returns
 * their number. */
unsigned nic_print_unknown(void);
/** Say that no card can be driven, list what is there instead, and fail. */
int nic_none(void);
/** Let @driver (a name) also take network functions with PCI id @vendor:@device, with the flags of
 * its nearest id, and probe for them at once. */
int nic_bind(uint16_t vendor, uint16_t device, const char *driver);
/** Make a card known under the next name; used by probing and by tests. 0 or an error. */
int nic_register(struct nic *nic);
struct nic *nic_find(const char *name); /* "net0", "netX"; NULL when there is none */
/** The card opened last and still open, or NULL. */
struct nic *nic_latest(void);
int nic_open(struct nic *nic);
void nic_close(struct nic *nic);
/** Close everything: DMA off on every way out. */
void nic_close_all(void);

/** Poll every open card once. Doorbells wait for nic_flush(), after the stack's own output. */
void nic_poll_all(void);
/** An empty frame with room for @len bytes (large ones only where NIC_TSO4), or NULL. */
struct tx_frame *nic_tx_get(struct nic *nic, size_t len);
/** Give back an unsent frame. */
void nic_tx_put(struct nic *nic, struct tx_frame *frame);
/** Send @frame; it belongs to the card from here on. Doorbells ring in nic_flush(). */
void nic_tx_send(struct nic *nic, struct tx_frame *frame);
void nic_flush(struct nic *nic);

/* Called by drivers. */
void nic_receive(struct nic *nic, const struct rx_frame *frame);
void nic_tx_done(struct nic *nic, struct tx_frame *frame);
/** The link as read from the card. One that comes up slower than both ends can is negotiated
 * again, once, where the driver has phy_read and phy_write; until then it counts as down. */
void nic_link(struct nic *nic, bool up, uint32_t speed, bool full_duplex);
/** The card misbehaves: close and open it again, soon and outside the driver's own functions.
 * @why: a constant phrase. */
void nic_restart(struct nic *nic, const char *why);
/** When a transmit ring moved last. */
struct nic_tx_watch {
	uint32_t head;
	bool waiting; /* at the last look */
	uint64_t at;  /* clock_ms() */
};
#define NIC_TX_HANG_MS 3000 /* a ring that stands still for so long hangs */
/**
 * For check_link(): for how many milliseconds have frames up to @told waited on a ring whose oldest
 * one is @head, both free-running? 0 when it moved since the last look, and without a link.
 */
uint64_t nic_tx_stands(const struct nic *nic, struct nic_tx_watch *watch, uint32_t head,
		       uint32_t told);
/** Bytes that a card's receive ring should take at most: a quarter of what the heap has left. */
size_t nic_rx_budget(void);
/** A random, locally administered address, for a card without one. */
void nic_random_mac(uint8_t *mac);
/** Could @mac be a station's own address (not zero, not multicast)? */
bool nic_mac_valid(const uint8_t *mac);

/** Where received frames go: set by netstack/ethernet.c. */
extern void (*nic_receiver)(struct nic *nic, const struct rx_frame *frame);

#endif
