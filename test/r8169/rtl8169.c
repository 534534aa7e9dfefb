/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtl8169.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { F_PCIE = 1, F_EVL = 2, F_OCP = 4, F_8125 = 8, F_FE = 16, F_CSUM2 = 32, F_MSIX = 64 };

static const struct chip {
	const char *name;
	uint16_t dev, xid; /* xid = TxConfig[31:20] & 0xfcf */
	uint8_t rev, flags;
	uint32_t phyid;
} chips[] = {
	{"8169s", 0x8169, 0x008, 0x10, 0, 0x001cc910},
	{"8110s", 0x8169, 0x040, 0x10, 0, 0x001cc910},
	{"8169sb", 0x8169, 0x100, 0x10, 0, 0x001cc910},
	{"8169sc", 0x8167, 0x180, 0x10, 0, 0x001cc910},
	{"8169sce", 0x8167, 0x980, 0x10, 0, 0x001cc910},
	{"8101e", 0x8136, 0x340, 0x01, F_PCIE | F_FE, 0x00008201},
	{"8168b", 0x8168, 0x380, 0x01, F_PCIE, 0x001cc912},
	{"8168c", 0x8168, 0x3c0, 0x02, F_PCIE | F_CSUM2, 0x001cc912},
	{"8168cp", 0x8168, 0x3c8, 0x02, F_PCIE | F_CSUM2, 0x001cc912},
	{"8168d", 0x8168, 0x281, 0x03, F_PCIE | F_CSUM2, 0x001cc914},
	{"8168e", 0x8168, 0x2c1, 0x06, F_PCIE | F_CSUM2 | F_MSIX, 0x001cc915},
	{"8168evl", 0x8168, 0x2c8, 0x06, F_PCIE | F_CSUM2 | F_MSIX | F_EVL, 0x001cc915},
	{"8168f", 0x8168, 0x480, 0x09, F_PCIE | F_CSUM2 | F_MSIX | F_EVL, 0x001cc915},
	{"8106e", 0x8136, 0x448, 0x07, F_PCIE | F_CSUM2 | F_MSIX | F_FE, 0x001cc816},
	{"8168g", 0x8168, 0x4c0, 0x0c, F_PCIE | F_CSUM2 | F_MSIX | F_EVL | F_OCP, 0x001cc800},
	{"8168gu", 0x8168, 0x509, 0x10, F_PCIE | F_CSUM2 | F_MSIX | F_EVL | F_OCP, 0x001cc800},
	{"8168h", 0x8168, 0x541, 0x15, F_PCIE | F_CSUM2 | F_MSIX | F_EVL | F_OCP, 0x001cc800},
	{"8125a", 0x8125, 0x609, 0x04, F_PCIE | F_CSUM2 | F_MSIX | F_OCP | F_8125, 0x001cc800},
	{"8125b", 0x8125, 0x641, 0x05, F_PCIE | F_CSUM2 | F_MSIX | F_OCP | F_8125, 0x001cc800},
};

/* register offsets */
enum {
	IDR0 = 0x00,
	MAR0 = 0x08,
	DTCCR = 0x10,
	TNPDS = 0x20,
	THPDS = 0x28,
	CR = 0x37,
	TPPOLL = 0x38,
	IMR = 0x3c,
	ISR = 0x3e,
	TCR = 0x40,
	RCR = 0x44,
	MPC = 0x4c,
	CR9346 = 0x50,
	CONFIG0 = 0x51,
	CONFIG5 = 0x56,
	PHYAR = 0x60,
	CSIDR = 0x64,
	CSIAR = 0x68,
	PHYSTATUS = 0x6c,
	ERIDR = 0x70,
	ERIAR = 0x74,
	EPHYAR = 0x80,
	TPPOLL_8125 = 0x90,
	OCPDR = 0xb0,
	OCPAR = 0xb4,
	GPHYOCP = 0xb8,
	MCU = 0xd3,
	RMS = 0xda,
	EFUSEAR = 0xdc,
	CPCR = 0xe0,
	INTMIT = 0xe2,
	RDSAR = 0xe4,
	MISC = 0xf0,
	IBISR0 = 0xfb,
	IMR_8125 = 0x38,
	ISR_8125 = 0x3c,
	MACBKP_8125 = 0x19e0,
};
/* interrupt bits */
enum {
	I_ROK = 1,
	I_RER = 2,
	I_TOK = 4,
	I_TER = 8,
	I_RDU = 16,
	I_LINK = 32,
	I_FOVW = 64,
	I_TDU = 128,
	I_SWINT = 256,
	I_TIMEOUT = 0x4000,
	I_SERR = 0x8000
};
/* descriptor bits */
#define D_OWN	0x80000000u
#define D_EOR	0x40000000u
#define D_FS	0x20000000u
#define D_LS	0x10000000u
#define D_LGSEN 0x08000000u

#define REGS_MAX  0x10000
#define FIFO_MAX  32
#define FRAME_MAX 0x4000

struct rtl {
	const struct chip *c;
	struct rtl_opts o;
	struct rtl_ops ops;
	/* PCI */
	uint8_t cfg[256], wmask[256];
	int cap_msi, cap_msix, cap_pm;
	uint32_t bar_size[6];
	uint8_t bar_flags[6];
	int probe;
	uint8_t msix_tab[0x1000];
	int msix_pending;
	uint32_t bar_mmio_size;
	/* MAC */
	uint8_t regs[REGS_MAX];
	int reset_left;
	unsigned txi, txhi, rxi;
	int irq_level;
	int intx_level;
	uint16_t mac_ocp_latch;
	uint16_t *mocp; /* MAC OCP space, word per 2 bytes */
	uint8_t eri[4][0x1000];
	uint16_t ephy[128];
	uint8_t csi[0x1000];
	/* PHY */
	uint16_t *ocp;	/* PHY OCP space (G and later) */
	uint16_t *page; /* paged registers (F and earlier) */
	unsigned phy_page;
	int bmcr_reset_reads;
	int cable, link, an_done, bmsr_latch;
	int64_t an_at; /* -1: no negotiation running */
	uint64_t now;
	/* RX FIFO */
	struct {
		size_t len;
		uint8_t d[FRAME_MAX];
	} * fifo;
	unsigned fifo_head, fifo_n;
	/* TX gather */
	uint8_t txbuf[0x10000];
	size_t txlen;
	int tx_open;
	uint32_t tx_opts1, tx_opts2;
	/* statistics */
	uint64_t n_tx, n_rx, n_rx_missed, n_rx_filtered, n_guest_err, n_mmio, n_irq;
};

/* ------------------------------------------------------------------ helpers */
static uint16_t g16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static uint32_t g32(const uint8_t *p)
{
	return g16(p) | (uint32_t)g16(p + 2) << 16;
}
static uint64_t g64(const uint8_t *p)
{
	return g32(p) | (uint64_t)g32(p + 4) << 32;
}
static void p16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}
static void p32(uint8_t *p, uint32_t v)
{
	p16(p, v);
	p16(p + 2, v >> 16);
}
static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static void pbe16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void say(struct rtl *r, int err, const char *fmt, ...)
{
	char b[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(b, sizeof b, fmt, ap);
	va_end(ap);
	if (err)
		r->n_guest_err++;
	r->ops.log(r->ops.ctx, err, b);
}
#define gerr(r, ...) say(r, 1, __VA_ARGS__)

static uint32_t crc32_eth(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffffu;
	while (n--) {
		c ^= *p++;
		for (int i = 0; i < 8; i++)
			c = c >> 1 ^ (0xedb88320u & -(c & 1));
	}
	return ~c;
}

static int is(const struct rtl *r, int flag)
{
	return !!(r->c->flags & flag);
}

/* ------------------------------------------------------------------ interrupts */
static uint32_t isr_get(struct rtl *r)
{
	return is(r, F_8125) ? g32(r->regs + ISR_8125) : g16(r->regs + ISR);
}
static uint32_t imr_get(struct rtl *r)
{
	return is(r, F_8125) ? g32(r->regs + IMR_8125) : g16(r->regs + IMR);
}

static void msix_fire(struct rtl *r)
{
	if (g32(r->msix_tab + 12) & 1 || r->cfg[r->cap_msix + 3] & 0x40) {
		r->msix_pending = 1;
		return;
	}
	r->msix_pending = 0;
	r->n_irq++;
	r->ops.msi(r->ops.ctx, g64(r->msix_tab), g32(r->msix_tab + 8));
}

static void irq_update(struct rtl *r)
{
	int level = (isr_get(r) & imr_get(r)) != 0;
	int rise = level && !r->irq_level;
	int msix = r->cap_msix && r->cfg[r->cap_msix + 3] & 0x80;
	int msi = r->cap_msi && r->cfg[r->cap_msi + 2] & 1;
	int intx;

	r->irq_level = level;
	if (msix) {
		if (rise)
			msix_fire(r);
	} else if (msi && rise) {
		r->n_irq++;
		r->ops.msi(r->ops.ctx, g64(r->cfg + r->cap_msi + 4), g16(r->cfg + r->cap_msi + 12));
	}
	r->cfg[6] = (uint8_t)((r->cfg[6] & ~8) | (level ? 8 : 0));
	intx = level && !msi && !msix && !(g16(r->cfg + 4) & 0x400);
	if (intx != r->intx_level) {
		r->intx_level = intx;
		if (intx)
			r->n_irq++;
		r->ops.intx(r->ops.ctx, intx);
	}
}

static void isr_set(struct rtl *r, uint32_t bits)
{
	if (is(r, F_8125))
		p32(r->regs + ISR_8125, isr_get(r) | bits);
	else
		p16(r->regs + ISR, isr_get(r) | bits);
	irq_update(r);
}

/* ------------------------------------------------------------------ PHY */
static uint16_t *phy_slot(struct rtl *r, unsigned page, unsigned reg)
{
	if (!is(r, F_OCP))
		return &r->page[(page & 0xfff) * 32 + (reg & 31)];
	unsigned a = page ? (page << 4) + ((reg - 0x10) & 7) * 2 : 0xa400 + reg * 2;
	return &r->ocp[(a & 0xffff) >> 1];
}
static uint16_t *mii(struct rtl *r, unsigned reg)
{
	return phy_slot(r, 0, reg);
}

enum { S_NONE = 0, S_10 = 10, S_100 = 100, S_1000 = 1000, S_2500 = 2500 };

static int phy_speed(struct rtl *r, int *fd)
{
	uint16_t bmcr = *mii(r, 0), an = *mii(r, 4), gb = *mii(r, 9);
	*fd = 1;
	if (!r->link)
		return S_NONE;
	if (!(bmcr & 0x1000)) {
		*fd = !!(bmcr & 0x100);
		return bmcr & 0x40 ? S_1000 : bmcr & 0x2000 ? S_100 : S_10;
	}
	if (is(r, F_8125) && r->ocp[0xa5d4 >> 1] & 0x80)
		return S_2500;
	if (!is(r, F_FE) && gb & 0x200)
		return S_1000;
	if (an & 0x100)
		return S_100;
	if (an & 0x080) {
		*fd = 0;
		return S_100;
	}
	*fd = !!(an & 0x040);
	return S_10;
}

static void phy_show(struct rtl *r)
{
	int fd, s = phy_speed(r, &fd);
	uint32_t st = 0;
	if (r->link) {
		st = 0x02 | (fd ? 0x01 : 0) | 0x60;
		st |= s == S_2500 ? 0x400 : s == S_1000 ? 0x10 : s == S_100 ? 0x08 : 0x04;
	}
	r->regs[PHYSTATUS] = (uint8_t)st;
	if (is(r, F_8125))
		r->regs[PHYSTATUS + 1] = (uint8_t)(st >> 8);
	if (is(r, F_OCP)) /* vendor status, page 0xa43 register 0x12 */
		r->ocp[0xa434 >> 1] = (uint16_t)(s == S_2500   ? 0x210
						 : s == S_1000 ? 0x20
						 : s == S_100  ? 0x10
							       : 0);
}

static void phy_link(struct rtl *r, int up)
{
	if (up != r->link) {
		r->link = up;
		if (!up)
			r->bmsr_latch = 1;
		phy_show(r);
		isr_set(r, I_LINK);
		say(r, 0, "link %s", up ? "up" : "down");
	}
	phy_show(r);
}

static void phy_restart(struct rtl *r)
{
	r->an_done = 0;
	phy_link(r, 0);
	r->an_at = (*mii(r, 0) & 0x0800) || !r->cable ? -1 : (int64_t)r->now + r->o.an_ms;
}

static uint16_t phy_read(struct rtl *r, unsigned reg)
{
	if (reg == 0x1f && !is(r, F_OCP))
		return (uint16_t)r->phy_page;
	if (r->phy_page && reg != 0x1f)
		return *phy_slot(r, r->phy_page, reg);
	switch (reg) {
	case 0:
		if (r->bmcr_reset_reads > 0) {
			r->bmcr_reset_reads--;
			return *mii(r, 0) | 0x8000;
		}
		return *mii(r, 0);
	case 1: {
		uint16_t v = is(r, F_FE) ? 0x7849 : 0x7949;
		if (r->an_done)
			v |= 0x20;
		if (r->link && !r->bmsr_latch)
			v |= 4;
		r->bmsr_latch = 0;
		return v;
	}
	case 2:
		return (uint16_t)(r->c->phyid >> 16);
	case 3:
		return (uint16_t)r->c->phyid;
	case 5:
		return r->an_done ? 0xcde1 : 0;
	case 6:
		return r->an_done ? 0x000f : 0x0004;
	case 10:
		return r->an_done && !is(r, F_FE) ? 0x3c00 : 0;
	case 15:
		return is(r, F_FE) ? 0 : 0x3000;
	default:
		return *mii(r, reg);
	}
}

static void phy_defaults(struct rtl *r)
{
	*mii(r, 0) = is(r, F_FE) ? 0x3100 : 0x1140;
	*mii(r, 4) = 0x0de1;
	*mii(r, 9) = is(r, F_FE) ? 0 : 0x0300;
	if (is(r, F_8125)) {
		r->ocp[0xa616 >> 1] = 0x2000; /* page a61 reg 13: 2.5G able */
		r->ocp[0xa5d4 >> 1] = 0x0080; /* page a5d reg 12: advertise 2.5G */
		r->ocp[0xa5d6 >> 1] = 0x0020; /* page a5d reg 13: partner 2.5G */
	}
}

static void phy_write(struct rtl *r, unsigned reg, uint16_t v)
{
	if (reg == 0x1f) {
		r->phy_page = v;
		return;
	}
	if (r->phy_page) {
		*phy_slot(r, r->phy_page, reg) = v;
		return;
	}
	switch (reg) {
	case 0:
		if (v & 0x8000) {
			*mii(r, 0) = v & 0x7dff;
			r->bmcr_reset_reads = 2;
			phy_restart(r);
		} else {
			uint16_t old = *mii(r, 0);
			*mii(r, 0) = v & 0xfdff;
			if (v & 0x0200 || (old ^ v) & 0x3940)
				phy_restart(r);
		}
		return;
	case 1:
	case 2:
	case 3:
	case 5:
	case 6:
	case 10:
	case 15:
		return;
	default:
		*mii(r, reg) = v;
	}
}

static uint16_t phy_ocp_read(struct rtl *r, unsigned a)
{
	if (a >= 0xa400 && a < 0xa440 && !(a >= 0xa420)) {
		unsigned save = r->phy_page;
		uint16_t v;
		r->phy_page = 0;
		v = phy_read(r, (a - 0xa400) / 2);
		r->phy_page = save;
		return v;
	}
	return r->ocp[(a & 0xffff) >> 1];
}

static void phy_ocp_write(struct rtl *r, unsigned a, uint16_t v)
{
	if (a >= 0xa400 && a < 0xa420) {
		unsigned save = r->phy_page;
		r->phy_page = 0;
		phy_write(r, (a - 0xa400) / 2, v);
		r->phy_page = save;
	} else
		r->ocp[(a & 0xffff) >> 1] = v;
}

void rtl_cable(struct rtl *r, int plugged, uint64_t now_ms)
{
	r->now = now_ms;
	r->cable = plugged;
	phy_restart(r);
}

/* ------------------------------------------------------------------ offloads */
static uint32_t csum_add(uint32_t s, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		s += be16(p);
	if (n)
		s += (uint32_t)p[0] << 8;
	return s;
}
static uint16_t csum_fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

struct l3 {
	int v;
	size_t off, hdr, l4, l4len;
	int proto;
	uint32_t pseudo;
};

/* find IPv4/IPv6 and the transport segment; 0 = not IP */
static int parse_l3(const uint8_t *f, size_t n, struct l3 *o)
{
	size_t p = 12;
	if (n < 34)
		return 0;
	while (be16(f + p) == 0x8100 && p + 6 < n)
		p += 4;
	uint16_t et = be16(f + p);
	p += 2;
	o->off = p;
	if (et == 0x0800 && n >= p + 20 && f[p] >> 4 == 4) {
		size_t tot = be16(f + p + 2);
		o->v = 4;
		o->hdr = (size_t)(f[p] & 15) * 4;
		if (o->hdr < 20 || tot < o->hdr || p + tot > n)
			return 0;
		o->proto = f[p + 9];
		o->l4 = p + o->hdr;
		o->l4len = tot - o->hdr;
		o->pseudo = csum_add((uint32_t)o->proto + (uint32_t)o->l4len, f + p + 12, 8);
		if (be16(f + p + 6) & 0x3fff)
			o->proto = -1; /* fragment */
		return 1;
	}
	if (et == 0x86dd && n >= p + 40) {
		o->v = 6;
		o->hdr = 40;
		o->proto = f[p + 6];
		o->l4 = p + 40;
		o->l4len = be16(f + p + 4);
		if (o->l4 + o->l4len > n)
			return 0;
		o->pseudo = csum_add((uint32_t)o->proto + (uint32_t)o->l4len, f + p + 8, 32);
		return 1;
	}
	return 0;
}

static void tx_offload(struct rtl *r, uint8_t *f, size_t n)
{
	int ip, tcp, udp;
	struct l3 l;
	if (is(r, F_CSUM2)) {
		ip = !!(r->tx_opts2 & 1u << 29);
		tcp = !!(r->tx_opts2 & 1u << 30);
		udp = !!(r->tx_opts2 & 1u << 31);
	} else {
		ip = !!(r->tx_opts1 & 1u << 18);
		udp = !!(r->tx_opts1 & 1u << 17);
		tcp = !!(r->tx_opts1 & 1u << 16);
	}
	if (!ip && !tcp && !udp)
		return;
	if (!parse_l3(f, n, &l)) {
		gerr(r, "checksum offload asked for a non-IP frame");
		return;
	}
	if (ip && l.v == 4) {
		pbe16(f + l.off + 10, 0);
		pbe16(f + l.off + 10, csum_fold(csum_add(0, f + l.off, l.hdr)));
	}
	size_t at = tcp && l.l4len >= 20 ? 16 : udp && l.l4len >= 8 ? 6 : 0;
	if (at) {
		uint16_t c;
		pbe16(f + l.l4 + at, 0);
		c = csum_fold(csum_add(l.pseudo, f + l.l4, l.l4len));
		pbe16(f + l.l4 + at, c || tcp ? c : 0xffff);
	}
}

static uint32_t rx_csum_bits(const uint8_t *f, size_t n)
{
	struct l3 l;
	uint32_t b = 0;
	if (!parse_l3(f, n, &l))
		return 0;
	if (l.v == 4 && csum_fold(csum_add(0, f + l.off, l.hdr)))
		b |= 1u << 16;
	if (l.proto == 6) {
		b |= 1u << 17;
		if (csum_fold(csum_add(l.pseudo, f + l.l4, l.l4len)))
			b |= 1u << 14;
	} else if (l.proto == 17) {
		b |= 1u << 18;
		if (be16(f + l.l4 + 6) && csum_fold(csum_add(l.pseudo, f + l.l4, l.l4len)))
			b |= 1u << 15;
	} else
		b |= 3u << 17;
	return b;
}

/* ------------------------------------------------------------------ transmit */
static void tx_finish(struct rtl *r)
{
	size_t n = r->txlen;
	if (r->tx_opts1 & D_LGSEN && !is(r, F_CSUM2))
		gerr(r, "TSO is not modelled");
	if (is(r, F_CSUM2) && r->tx_opts1 & 3u << 25)
		gerr(r, "TSO is not modelled");
	if (n < 14) {
		gerr(r, "TX frame of %zu bytes", n);
		return;
	}
	tx_offload(r, r->txbuf, n);
	if (r->tx_opts2 & 1u << 17) {
		uint8_t tag[4] = {0x81, 0x00, (uint8_t)r->tx_opts2, (uint8_t)(r->tx_opts2 >> 8)};
		memmove(r->txbuf + 16, r->txbuf + 12, n - 12);
		memcpy(r->txbuf + 12, tag, 4);
		n += 4;
	}
	if (n < 60) {
		memset(r->txbuf + n, 0, 60 - n);
		n = 60;
	}
	r->n_tx++;
	if ((g32(r->regs + TCR) >> 17 & 3) == 3)
		rtl_frame_in(r, r->txbuf, n); /* loopback */
	else if (r->link)
		r->ops.xmit(r->ops.ctx, r->txbuf, n);
}

static void tx_run(struct rtl *r, unsigned ring, unsigned *idx)
{
	uint64_t base = g64(r->regs + ring) & ~255ull;
	int done = 0;
	if (!(r->regs[CR] & 4)) {
		gerr(r, "TPPoll with the transmitter disabled");
		return;
	}
	if (!(g16(r->cfg + 4) & 4)) {
		gerr(r, "TX without PCI bus master enable");
		return;
	}
	for (int guard = 0; guard < 4096; guard++) {
		uint8_t d[16];
		uint64_t da = base + *idx * 16ull;
		if (r->ops.dma_read(r->ops.ctx, da, d, 16)) {
			gerr(r, "TX descriptor at %#llx is not RAM", (unsigned long long)da);
			isr_set(r, I_SERR);
			return;
		}
		uint32_t o1 = g32(d), o2 = g32(d + 4), len = o1 & 0xffff;
		if (!(o1 & D_OWN))
			break;
		if (o1 & D_FS) {
			if (r->tx_open)
				gerr(r, "TX descriptor with FS inside a frame");
			r->tx_open = 1;
			r->txlen = 0;
			r->tx_opts1 = o1;
			r->tx_opts2 = o2;
		} else if (!r->tx_open)
			gerr(r, "TX frame without FS");
		if (!len)
			gerr(r, "TX descriptor of length 0");
		if (r->txlen + len > sizeof r->txbuf - 4) {
			gerr(r, "TX frame too long");
			len = 0;
		}
		if (len && r->ops.dma_read(r->ops.ctx, g64(d + 8), r->txbuf + r->txlen, len)) {
			gerr(r, "TX buffer %#llx+%u is not RAM", (unsigned long long)g64(d + 8),
			     len);
			isr_set(r, I_SERR);
			return;
		}
		r->txlen += len;
		if (o1 & D_LS) {
			if (r->tx_open)
				tx_finish(r);
			r->tx_open = 0;
			done = 1;
		}
		p32(d, o1 & ~D_OWN);
		r->ops.dma_write(r->ops.ctx, da, d, 4);
		*idx = o1 & D_EOR || *idx == 1023 ? 0 : *idx + 1;
	}
	if (done)
		isr_set(r, I_TOK | I_TDU);
}

/* ------------------------------------------------------------------ receive */
static int rx_wanted(struct rtl *r, const uint8_t *f, uint32_t *bits)
{
	static const uint8_t bc[6] = {255, 255, 255, 255, 255, 255};
	uint32_t rcr = g32(r->regs + RCR);
	*bits = 0;
	if (!memcmp(f, bc, 6)) {
		*bits = 1u << 25;
		if (rcr & 8)
			return 1;
	} else if (f[0] & 1) {
		/* CRC in the "most significant bit first" reading, top six bits */
		uint32_t c = ~crc32_eth(f, 6), h = 0;
		for (int i = 0; i < 6; i++)
			h |= (c >> i & 1) << (5 - i);
		unsigned byte = h >> 3;
		if (is(r, F_PCIE))
			byte = 7 - byte;
		*bits = 1u << 27;
		if (rcr & 4 && r->regs[MAR0 + byte] >> (h & 7) & 1)
			return 1;
	} else if (!memcmp(f, r->regs + IDR0, 6)) {
		*bits = 1u << 26;
		if (rcr & 2)
			return 1;
	}
	return rcr & 1;
}

/* 1 = delivered or discarded, 0 = no descriptor free */
static int rx_deliver(struct rtl *r, const uint8_t *src, size_t n)
{
	static uint8_t f[FRAME_MAX + 8];
	uint64_t base = g64(r->regs + RDSAR) & ~255ull;
	uint32_t o2 = 0, st = 0;
	uint16_t cp = g16(r->regs + CPCR);
	int strip = is(r, F_8125) ? (g32(r->regs + RCR) >> 22 & 3) == 3 : !!(cp & 0x40);

	if (!rx_wanted(r, src, &st)) {
		r->n_rx_filtered++;
		return 1;
	}
	memcpy(f, src, n);
	if (cp & 0x20)
		st |= rx_csum_bits(f, n);
	if (strip && n > 18 && be16(f + 12) == 0x8100) {
		o2 = 1u << 16 | (uint32_t)f[14] | (uint32_t)f[15] << 8;
		memmove(f + 12, f + 16, n - 16);
		n -= 4;
	}
	if (n < 60) {
		memset(f + n, 0, 60 - n);
		n = 60;
	}
	p32(f + n, crc32_eth(f, n));
	n += 4;
	if (n > g16(r->regs + RMS)) {
		gerr(r, "frame of %zu bytes exceeds RMS", n);
		return 1;
	}

	/* are there enough descriptors for the whole frame? */
	unsigned i = r->rxi, need = 0;
	size_t room = 0;
	uint8_t d[16];
	do {
		uint64_t da = base + i * 16ull;
		if (r->ops.dma_read(r->ops.ctx, da, d, 16)) {
			gerr(r, "RX descriptor at %#llx is not RAM", (unsigned long long)da);
			isr_set(r, I_SERR);
			return 1;
		}
		if (!(g32(d) & D_OWN))
			return 0;
		if (!(g32(d) & 0x3fff)) {
			gerr(r, "RX descriptor %u has buffer size 0", i);
			return 1;
		}
		if (d[8] & 7)
			gerr(r, "RX buffer not 8-byte aligned");
		room += g32(d) & 0x3fff;
		need++;
		i = g32(d) & D_EOR || i == 1023 ? 0 : i + 1;
	} while (room < n && need < 64);

	size_t at = 0;
	for (unsigned k = 0; k < need; k++) {
		uint64_t da = base + r->rxi * 16ull;
		r->ops.dma_read(r->ops.ctx, da, d, 16);
		uint32_t o1 = g32(d), cap = o1 & 0x3fff;
		size_t part = n - at < cap ? n - at : cap;
		if (r->ops.dma_write(r->ops.ctx, g64(d + 8), f + at, part)) {
			gerr(r, "RX buffer %#llx is not RAM", (unsigned long long)g64(d + 8));
			isr_set(r, I_SERR);
			return 1;
		}
		at += part;
		uint32_t w = (o1 & D_EOR) | (k == 0 ? D_FS : 0);
		if (k == need - 1)
			w |= D_LS | st | (uint32_t)n;
		else
			w |= cap;
		p32(d + 4, o2);
		r->ops.dma_write(r->ops.ctx, da + 4, d + 4, 4);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		p32(d, w);
		r->ops.dma_write(r->ops.ctx, da, d, 4);
		r->rxi = o1 & D_EOR || r->rxi == 1023 ? 0 : r->rxi + 1;
	}
	r->n_rx++;
	isr_set(r, I_ROK);
	return 1;
}

static int rx_running(struct rtl *r)
{
	if (!(r->regs[CR] & 8) || r->reset_left)
		return 0;
	if (!(g16(r->cfg + 4) & 4))
		return 0;
	if (is(r, F_OCP) && g32(r->regs + MISC) & 1u << 19)
		return 0; /* RXDV gate */
	if (is(r, F_OCP) && r->regs[MCU] & 0x80)
		return 0; /* out of band */
	return 1;
}

static void rx_drain(struct rtl *r)
{
	while (r->fifo_n && rx_running(r)) {
		if (!rx_deliver(r, r->fifo[r->fifo_head].d, r->fifo[r->fifo_head].len)) {
			if (!(isr_get(r) & I_RDU))
				isr_set(r, I_RDU);
			return;
		}
		r->fifo_head = (r->fifo_head + 1) % FIFO_MAX;
		r->fifo_n--;
	}
}

void rtl_frame_in(struct rtl *r, const uint8_t *frame, size_t len)
{
	if (len < 14 || len > FRAME_MAX - 8)
		return;
	if (!rx_running(r) || (!r->link && (g32(r->regs + TCR) >> 17 & 3) != 3))
		return;
	if (r->fifo_n == FIFO_MAX) {
		r->n_rx_missed++;
		p32(r->regs + MPC, g32(r->regs + MPC) + 1);
		isr_set(r, I_FOVW);
		return;
	}
	unsigned at = (r->fifo_head + r->fifo_n++) % FIFO_MAX;
	r->fifo[at].len = len;
	memcpy(r->fifo[at].d, frame, len);
	rx_drain(r);
}

/* ------------------------------------------------------------------ MAC registers */
static void mac_show_const(struct rtl *r)
{
	uint32_t t = g32(r->regs + TCR) & 0x030f07ff;
	t |= (uint32_t)r->c->xid << 20;
	if (is(r, F_EVL) || is(r, F_OCP))
		t |= 1u << 11; /* TX FIFO empty */
	p32(r->regs + TCR, t);
	if (is(r, F_PCIE))
		r->regs[MCU] |= 0x32; /* link list ready, FIFOs empty */
	if (is(r, F_8125))
		p16(r->regs + INTMIT, g16(r->regs + INTMIT) | 0x0103);
	r->regs[IBISR0] |= 0x20;
}

static void mac_soft_reset(struct rtl *r)
{
	/* MAC address, multicast filter, Config0-5 and ring base registers survive */
	r->regs[CR] = 0;
	if (is(r, F_8125)) {
		p32(r->regs + IMR_8125, 0);
		p32(r->regs + ISR_8125, 0);
	} else {
		p16(r->regs + IMR, 0);
		p16(r->regs + ISR, 0);
	}
	p32(r->regs + RCR, g32(r->regs + RCR) & ~0x3fu);
	r->txi = r->txhi = r->rxi = 0;
	r->tx_open = 0;
	r->fifo_n = 0;
	r->reset_left = r->o.reset_reads;
	irq_update(r);
}

static void mac_power_on(struct rtl *r)
{
	memset(r->regs, 0, sizeof r->regs);
	memcpy(r->regs + IDR0, r->o.mac, 6);
	memcpy(r->regs + MACBKP_8125, r->o.mac, 6);
	memcpy(r->eri[0] + 0xe0, r->o.mac, 6);
	r->regs[CONFIG0 + 1] = is(r, F_PCIE) ? 0xcf : 0x0d;
	r->regs[CONFIG0 + 2] = 0x1c;
	r->regs[CONFIG0 + 3] = 0x60;
	p16(r->regs + RMS, 0x1fff);
	if (is(r, F_OCP) && r->o.oob)
		r->regs[MCU] |= 0x80;
	mac_soft_reset(r);
	r->reset_left = 0;
	mac_show_const(r);
	phy_defaults(r);
	r->phy_page = 0;
	r->link = 0;
	phy_restart(r);
	p32(r->regs + (is(r, F_8125) ? ISR_8125 : ISR), 0);
	irq_update(r);
}

static void tally(struct rtl *r, uint32_t lo)
{
	uint8_t t[64];
	if (lo & 1) {
		r->n_tx = r->n_rx = r->n_rx_missed = 0;
	}
	if (lo & 8) {
		memset(t, 0, sizeof t);
		p32(t, (uint32_t)r->n_tx);
		p32(t + 8, (uint32_t)r->n_rx);
		p16(t + 28, (uint32_t)r->n_rx_missed);
		if (r->ops.dma_write(r->ops.ctx,
				     (uint64_t)g32(r->regs + DTCCR + 4) << 32 | (lo & ~63u), t, 64))
			gerr(r, "tally dump to a bad address");
	}
}

/* command registers: 32-bit "address + flag" doors */
static int door_write(struct rtl *r, unsigned a, uint32_t v)
{
	int w = v >> 31;
	switch (a) {
	case PHYAR:
		if (w) {
			phy_write(r, v >> 16 & 31, (uint16_t)v);
			v &= 0x7fffffff;
		} else
			v = 0x80000000u | (v & 0x1f0000) | phy_read(r, v >> 16 & 31);
		break;
	case GPHYOCP: {
		unsigned o = (v >> 15) & 0xfffe;
		if (!is(r, F_OCP))
			return 0;
		if (w) {
			phy_ocp_write(r, o, (uint16_t)v);
			v &= 0x7fffffff;
		} else
			v = 0x80000000u | (v & 0x7fff0000) | phy_ocp_read(r, o);
		break;
	}
	case OCPDR: {
		unsigned o = (v >> 15) & 0xfffe;
		if (!is(r, F_OCP))
			return 0;
		if (w)
			r->mocp[o >> 1] = (uint16_t)v;
		v = (v & 0x7fff0000) | (o == 0xe00e ? 0 : r->mocp[o >> 1]);
		break;
	}
	case OCPAR:
		if (is(r, F_OCP))
			return 0;
		v = w ? v & 0x7fffffff : v | 0x80000000u;
		break;
	case ERIAR: {
		uint8_t *e = r->eri[v >> 16 & 3] + (v & 0xffc);
		if (w) {
			for (int i = 0; i < 4; i++)
				if (v >> (12 + i) & 1)
					e[i] = r->regs[ERIDR + i];
			v &= 0x7fffffff;
		} else {
			p32(r->regs + ERIDR, g32(e));
			v |= 0x80000000u;
		}
		break;
	}
	case CSIAR: {
		uint8_t *e = r->csi + (v & 0xffc);
		if (w) {
			for (int i = 0; i < 4; i++)
				if (v >> (12 + i) & 1)
					e[i] = r->regs[CSIDR + i];
			v &= 0x7fffffff;
		} else {
			p32(r->regs + CSIDR, g32(e));
			v |= 0x80000000u;
		}
		break;
	}
	case EPHYAR:
		if (w) {
			r->ephy[v >> 16 & 127] = (uint16_t)v;
			v &= 0x7fffffff;
		} else
			v = 0x80000000u | (v & 0x7f0000) | r->ephy[v >> 16 & 127];
		break;
	case EFUSEAR:
		v = w ? v & 0x7fffffff : (v & 0x3ff00) | 0x800000ffu;
		break;
	default:
		return 0;
	}
	p32(r->regs + a, v);
	return 1;
}

static uint64_t mac_read(struct rtl *r, unsigned a, unsigned n)
{
	uint64_t v = 0;
	rx_drain(r);
	if (a <= CR && a + n > CR) {
		uint8_t c = r->regs[CR];
		if (r->reset_left) {
			c |= 0x10;
			r->reset_left--;
		}
		r->regs[CR] = c;
	}
	for (unsigned i = 0; i < n; i++)
		if (a + i < REGS_MAX)
			v |= (uint64_t)r->regs[a + i] << 8 * i;
	if (a <= CR && a + n > CR && !r->reset_left)
		r->regs[CR] &= (uint8_t)~0x10;
	return v;
}

static void mac_write_byte(struct rtl *r, unsigned a, uint8_t v)
{
	int unlocked = (r->regs[CR9346] & 0xc0) == 0xc0;
	if (a < 6 && !unlocked) {
		gerr(r, "IDR%u written while 9346CR is locked", a);
		return;
	}
	if (a >= CONFIG0 && a <= CONFIG5 && !unlocked) {
		gerr(r, "Config%u written while 9346CR is locked", a - CONFIG0);
		return;
	}
	if (is(r, F_8125)) {
		if (a >= ISR_8125 && a < ISR_8125 + 4) {
			r->regs[a] &= (uint8_t)~v;
			return;
		}
		if (a == TPPOLL_8125) {
			if (v & 1)
				tx_run(r, TNPDS, &r->txi);
			return;
		}
	} else {
		if (a == ISR || a == ISR + 1) {
			r->regs[a] &= (uint8_t)~v;
			return;
		}
		if (a == TPPOLL) {
			if (v & 0x80)
				tx_run(r, THPDS, &r->txhi);
			if (v & 0x40)
				tx_run(r, TNPDS, &r->txi);
			if (v & 0x01)
				isr_set(r, I_SWINT);
			return;
		}
	}
	if (a == CR) {
		if (v & 0x10) {
			mac_soft_reset(r);
			return;
		}
		if (v & 0x0c & ~r->regs[CR]) {
			if (v & 8 && g64(r->regs + RDSAR) & 255)
				gerr(r, "RDSAR not 256-byte aligned");
			if (v & 4 && g64(r->regs + TNPDS) & 255)
				gerr(r, "TNPDS not 256-byte aligned");
		}
		if (!(v & 8)) {
			r->rxi = 0;
			r->fifo_n = 0;
		}
		if (!(v & 4)) {
			r->txi = r->txhi = 0;
			r->tx_open = 0;
		}
		r->regs[CR] = v & 0x8c;
		return;
	}
	if (a == PHYSTATUS)
		return;
	r->regs[a] = v;
}

static void mac_write(struct rtl *r, unsigned a, uint64_t v, unsigned n)
{
	if (r->reset_left && !(a == CR && n == 1))
		gerr(r, "register %#x written before the reset completed", a);
	for (unsigned i = 0; i < n; i += 4) {
		uint32_t w = (uint32_t)(v >> 8 * i);
		if (n >= 4 && door_write(r, a + i, w))
			continue;
		if (n >= 4 && a + i == DTCCR) {
			p32(r->regs + DTCCR, w & ~9u);
			tally(r, w);
			continue;
		}
		for (unsigned k = 0; k < 4 && i + k < n; k++)
			if (a + i + k < REGS_MAX)
				mac_write_byte(r, a + i + k, (uint8_t)(w >> 8 * k));
	}
	mac_show_const(r);
	rx_drain(r);
	irq_update(r);
}

/* ------------------------------------------------------------------ bus */
static int bar_hit(struct rtl *r, int memory, uint64_t addr, uint64_t *off)
{
	unsigned cmd = g16(r->cfg + 4);
	for (int i = 0; i < 6; i++) {
		if (!r->bar_size[i] || (r->bar_flags[i] & 1) == memory)
			continue;
		if (!(cmd & (memory ? 2 : 1)))
			continue;
		uint64_t b = g32(r->cfg + 0x10 + 4 * i) & ~(uint64_t)(memory ? 15 : 3);
		if (r->bar_flags[i] & 4)
			b |= (uint64_t)g32(r->cfg + 0x14 + 4 * i) << 32;
		if (addr >= b && addr - b < r->bar_size[i]) {
			*off = addr - b;
			return i;
		}
	}
	return -1;
}

uint64_t rtl_bus_read(struct rtl *r, int memory, uint64_t addr, unsigned size)
{
	uint64_t off, v = 0;
	int b = bar_hit(r, memory, addr, &off);
	r->n_mmio++;
	if (b < 0)
		return ~0ull;
	if (b == 4) {
		if (off == 0x800)
			return (unsigned)r->msix_pending;
		for (unsigned i = 0; i < size; i++)
			if (off + i < sizeof r->msix_tab)
				v |= (uint64_t)r->msix_tab[off + i] << 8 * i;
		return v;
	}
	v = mac_read(r, (unsigned)off, size);
	if (r->o.trace)
		say(r, 0, "R%u %04x -> %0*llx", size * 8, (unsigned)off, (int)size * 2,
		    (unsigned long long)v);
	return v;
}

void rtl_bus_write(struct rtl *r, int memory, uint64_t addr, uint64_t val, unsigned size)
{
	uint64_t off;
	int b = bar_hit(r, memory, addr, &off);
	r->n_mmio++;
	if (b < 0)
		return;
	if (b == 4) {
		for (unsigned i = 0; i < size; i++)
			if (off + i < 0x40)
				r->msix_tab[off + i] = (uint8_t)(val >> 8 * i);
		if (r->msix_pending)
			msix_fire(r);
		return;
	}
	if (r->o.trace)
		say(r, 0, "W%u %04x <- %0*llx", size * 8, (unsigned)off, (int)size * 2,
		    (unsigned long long)val);
	mac_write(r, (unsigned)off, val, size);
}

/* ------------------------------------------------------------------ PCI config space */
static void cap_link(struct rtl *r, int *tail, int at, int id)
{
	r->cfg[*tail] = (uint8_t)at;
	r->cfg[at] = (uint8_t)id;
	*tail = at + 1;
}

static void pci_setup(struct rtl *r)
{
	uint8_t *c = r->cfg, *w = r->wmask;
	int tail = 0x34;

	memset(c, 0, 256);
	memset(w, 0, 256);
	p16(c, 0x10ec);
	p16(c + 2, r->c->dev);
	p16(c + 6, 0x0010);
	c[8] = r->c->rev;
	c[0x0b] = 2; /* network, Ethernet */
	p16(c + 0x2c, 0x10ec);
	p16(c + 0x2e, 0x0123);
	c[0x3d] = 1;
	c[0x3e] = 0x20;
	c[0x3f] = 0x40;
	p16(w + 4, 0x0547);
	w[0x0c] = w[0x0d] = w[0x3c] = 0xff;

	memset(r->bar_size, 0, sizeof r->bar_size);
	memset(r->bar_flags, 0, sizeof r->bar_flags);
	r->bar_size[0] = 0x100;
	r->bar_flags[0] = 1;
	if (!is(r, F_PCIE))
		r->bar_size[1] = 0x100;
	else {
		r->bar_size[2] = is(r, F_8125) ? 0x10000 : 0x1000;
		r->bar_flags[2] = 4;
		r->bar_size[4] = 0x4000;
		r->bar_flags[4] = 4;
		if (is(r, F_CSUM2))
			r->bar_flags[4] |= 8;
	}
	r->cap_pm = is(r, F_PCIE) ? 0x40 : 0xdc;
	cap_link(r, &tail, r->cap_pm, 0x01);
	p16(c + r->cap_pm + 2, 0xffc3);
	w[r->cap_pm + 4] = 0x03;
	w[r->cap_pm + 5] = 0x01;
	r->cap_msi = r->cap_msix = 0;
	if (is(r, F_PCIE)) {
		if (!r->o.no_msi) {
			r->cap_msi = 0x50;
			cap_link(r, &tail, 0x50, 0x05);
			p16(c + 0x52, 0x0080); /* 64-bit, one vector */
			w[0x52] = 0x01;
			p32(w + 0x54, ~3u);
			p32(w + 0x58, ~0u);
			p16(w + 0x5c, 0xffff);
		}
		cap_link(r, &tail, 0x70, 0x10);
		p16(c + 0x72, 0x0002); /* PCIe endpoint, version 2 */
		p32(c + 0x74, 0x05908cc0);
		p16(c + 0x78, 0x5010);
		p16(w + 0x78, 0x7fff);
		p32(c + 0x7c, 0x00077c11); /* x1, 2.5 GT/s */
		p16(c + 0x80, 0x0040);
		p16(w + 0x80, 0x0143);
		p16(c + 0x82, 0x1011);
		if (is(r, F_MSIX) && !r->o.no_msix) {
			r->cap_msix = 0xb0;
			cap_link(r, &tail, 0xb0, 0x11);
			p16(c + 0xb2, 0x0003); /* four vectors */
			w[0xb3] = 0xc0;
			p32(c + 0xb4, 0x00000004); /* table: BAR4 + 0 */
			p32(c + 0xb8, 0x00000804); /* PBA: BAR4 + 0x800 */
		}
	}
	c[tail] = 0;
	memset(r->msix_tab, 0, sizeof r->msix_tab);
	for (int i = 0; i < 4; i++)
		r->msix_tab[i * 16 + 12] = 1;
	r->msix_pending = 0;
}

uint32_t rtl_cfg_read(struct rtl *r, unsigned addr, unsigned len)
{
	uint8_t t[8] = {0};
	if (addr >= 256)
		return 0xffffffffu;
	for (unsigned i = 0; i < len && i < 4; i++) {
		unsigned a = addr + i;
		if (a > 255)
			continue;
		t[i] = r->cfg[a];
		if (a >= 0x10 && a < 0x28 && !(a & 3)) {
			unsigned b = (a - 0x10) / 4;
			if (r->bar_size[b])
				t[i] |= r->probe ? r->bar_flags[b] & 1 : r->bar_flags[b];
		}
	}
	return g32(t);
}

void rtl_cfg_write(struct rtl *r, unsigned addr, uint32_t val, unsigned len)
{
	for (unsigned i = 0; i < len && i < 4; i++, val >>= 8) {
		unsigned a = addr + i;
		uint8_t m;
		if (a > 255)
			return;
		m = r->wmask[a];
		if (a >= 0x10 && a < 0x28) {
			unsigned b = (a - 0x10) / 4, sh = 8 * (a & 3);
			if (r->bar_size[b])
				m = (uint8_t)(~(r->bar_size[b] - 1) >> sh);
			else if (b && r->bar_flags[b - 1] & 4)
				m = r->probe ? 0 : 0xff;
		} else if (a >= 0x30 && a < 0x34 && r->o.rom_size)
			m = (uint8_t)((~(r->o.rom_size - 1) | 1) >> 8 * (a & 3));
		r->cfg[a] = (uint8_t)((r->cfg[a] & ~m) | ((uint8_t)val & m));
		if (a == (unsigned)r->cap_pm + 5 && val & 0x80)
			r->cfg[a] &= 0x7f;
	}
	if (r->o.trace)
		say(r, 0, "CFG W%u %02x", len * 8, addr);
	if (r->msix_pending)
		msix_fire(r);
	irq_update(r);
}

void rtl_probe_phase(struct rtl *r, int on)
{
	r->probe = on;
}

void rtl_pci_reset(struct rtl *r)
{
	pci_setup(r);
	mac_power_on(r);
}

/* ------------------------------------------------------------------ time, life */
int rtl_tick(struct rtl *r, uint64_t now_ms)
{
	r->now = now_ms;
	if (r->an_at >= 0 && (uint64_t)r->an_at <= now_ms) {
		r->an_at = -1;
		if (r->cable && !(*mii(r, 0) & 0x0800)) {
			r->an_done = 1;
			phy_link(r, 1);
		}
	}
	rx_drain(r);
	if (r->fifo_n)
		return 1;
	return r->an_at >= 0 ? (int)((uint64_t)r->an_at - now_ms) + 1 : -1;
}

struct rtl *rtl_new(const struct rtl_opts *o, const struct rtl_ops *ops)
{
	struct rtl *r = calloc(1, sizeof *r);
	for (size_t i = 0; i < sizeof chips / sizeof *chips; i++)
		if (!strcmp(chips[i].name, o->chip))
			r->c = &chips[i];
	if (!r->c) {
		free(r);
		return NULL;
	}
	r->o = *o;
	r->ops = *ops;
	r->cable = !o->link_down;
	r->mocp = calloc(0x8000, 2);
	r->ocp = calloc(0x8000, 2);
	r->page = calloc(0x1000 * 32, 2);
	r->fifo = calloc(FIFO_MAX, sizeof *r->fifo);
	r->an_at = -1;
	rtl_pci_reset(r);
	return r;
}

const char *rtl_chip_list(void)
{
	static char b[512];
	b[0] = 0;
	for (size_t i = 0; i < sizeof chips / sizeof *chips; i++) {
		strcat(b, i ? " " : "");
		strcat(b, chips[i].name);
	}
	return b;
}

void rtl_stats(struct rtl *r, char *buf, size_t len)
{
	snprintf(buf, len,
		 "chip %s: tx %llu rx %llu filtered %llu missed %llu accesses %llu irqs %llu "
		 "guest-errors %llu",
		 r->c->name, (unsigned long long)r->n_tx, (unsigned long long)r->n_rx,
		 (unsigned long long)r->n_rx_filtered, (unsigned long long)r->n_rx_missed,
		 (unsigned long long)r->n_mmio, (unsigned long long)r->n_irq,
		 (unsigned long long)r->n_guest_err);
}
