/* SPDX-License-Identifier: BSD-2-Clause */
/* Register-level model of the RTL8169/8168/8111/8125 family.
 * Knows nothing about how it is attached: the host supplies DMA, interrupt,
 * transmit and log callbacks.  The same object can therefore be driven by the
 * QEMU multi-process link (main.c) or by a unit test that runs the driver
 * under test as an ordinary program. */
#ifndef RTL8169_H
#define RTL8169_H
#include <stdint.h>
#include <stddef.h>

struct rtl_ops {
	void *ctx;
	int (*dma_read)(void *ctx, uint64_t gpa, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t gpa, const void *buf, size_t len);
	void (*xmit)(void *ctx, const uint8_t *frame, size_t len);
	void (*intx)(void *ctx, int level);
	void (*msi)(void *ctx, uint64_t addr, uint32_t data);
	void (*log)(void *ctx, int is_guest_error, const char *text);
};

struct rtl_opts {
	const char *chip; /* see rtl_chip_list() */
	uint8_t mac[6];
	uint32_t rom_size; /* expansion ROM BAR, 0 = none */
	int no_msi, no_msix;
	int trace;	 /* log every register access */
	int an_ms;	 /* auto-negotiation time */
	int reset_reads; /* how often CR reads back RST=1 after a reset */
	int oob;	 /* start with MCU.NOW_IS_OOB set (8168G and later) */
	int link_down;	 /* cable unplugged */
};

struct rtl;
struct rtl *rtl_new(const struct rtl_opts *o, const struct rtl_ops *ops);
const char *rtl_chip_list(void);
void rtl_pci_reset(struct rtl *r); /* PCI RST# */
uint32_t rtl_cfg_read(struct rtl *r, unsigned addr, unsigned len);
void rtl_cfg_write(struct rtl *r, unsigned addr, uint32_t val, unsigned len);
uint64_t rtl_bus_read(struct rtl *r, int memory, uint64_t addr, unsigned size);
void rtl_bus_write(struct rtl *r, int memory, uint64_t addr, uint64_t val, unsigned size);
void rtl_frame_in(struct rtl *r, const uint8_t *frame, size_t len);
void rtl_cable(struct rtl *r, int plugged, uint64_t now_ms);
/* advance time; returns ms until the next call is wanted, -1 = no timer */
int rtl_tick(struct rtl *r, uint64_t now_ms);
void rtl_stats(struct rtl *r, char *buf, size_t len);
/* while 1, the 64-bit BARs are shown as 32-bit ones (see main.c) */
void rtl_probe_phase(struct rtl *r, int on);
#endif
