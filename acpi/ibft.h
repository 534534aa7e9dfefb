/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iSCSI Boot Firmware Table: "iSCSI Boot Firmware Table (iBFT) as defined
 * in ACPI 3.0b specification", version 1.03. Built and decoded here; placing it
 * in memory and in the RSDT is acpi/acpi.c.
 */
#ifndef ACPI_IBFT_H
#define ACPI_IBFT_H

#include "lib/base.h"

#define IBFT_MAX     1024 /* bytes reserved for the table */
#define IBFT_TARGETS 2

struct ibft_nic {
	uint8_t mac[6];
	uint16_t pci_busdevfn;
	uint32_t address; /* host order, as all addresses here */
	uint8_t prefix;
	uint8_t origin; /* 1 manual, 3 DHCP */
	uint32_t gateway, dns1, dns2, dhcp_server;
	uint16_t vlan;
	char hostname[64];
};

struct ibft_target {
	uint32_t address;
	uint16_t port;
	uint8_t lun[8];
	uint8_t chap_type; /* 0 none, 1 CHAP, 2 mutual CHAP */
	char name[224];
	char username[128], password[128];
	char reverse_username[128], reverse_password[128];
};

struct ibft_params {
	char initiator[224];
	struct ibft_nic nic;
	unsigned target_count;
	struct ibft_target target[IBFT_TARGETS];
};

/** Write the table into @buf (@size bytes, zeroed first); returns its length or an error. */
long ibft_build(const struct ibft_params *params, void *buf, size_t size);
/** Decode and verify a table; 0, or an error after fail() naming what is wrong. */
int ibft_parse(const void *table, size_t len, struct ibft_params *params);
/** Print @params as `ibft` shows them; secrets as ***. */
void ibft_print(const struct ibft_params *params);
/** Print a warning for each doubtful thing (short secrets, gateway for an on-link target…). */
void ibft_lint(const struct ibft_params *params, uint32_t table_address);

/** Netmask of @prefix bits, host order. */
static inline uint32_t ibft_netmask(uint8_t prefix)
{
	return !prefix ? 0 : prefix >= 32 ? UINT32_MAX : ~(UINT32_MAX >> prefix);
}

/** Where the firmware's table lives: NULL when none is published. */
const void *acpi_ibft(size_t *len);
/** Publish: at or above 0x80000, listed in RSDT/XSDT where they can be changed. 0 or an error. */
int acpi_publish_ibft(const struct ibft_params *params);
/** Is the published table listed in the RSDT or XSDT? */
bool acpi_ibft_listed(void);
/** The first iBFT at or after @from that a scan of 0x80000 to 0xfffff finds, as operating systems
 * do; 0 when there is none. */
uint32_t acpi_scan_ibft(uint32_t from);
/** Withdraw: wiped from memory, root pointer restored. */
void acpi_withdraw_ibft(void);

#endif
