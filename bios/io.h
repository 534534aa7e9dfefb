/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O ports and memory-mapped registers. On the host a test supplies the ports. */
#ifndef BIOS_IO_H
#define BIOS_IO_H

#include "lib/base.h"

#ifdef HOST_TEST
uint8_t in8(uint16_t port);
uint16_t in16(uint16_t port);
uint32_t in32(uint16_t port);
void out8(uint16_t port, uint8_t value);
void out16(uint16_t port, uint16_t value);
void out32(uint16_t port, uint32_t value);
uint32_t mmio_read32(const volatile void *address);
void mmio_write32(volatile void *address, uint32_t value);
uint16_t mmio_read16(const volatile void *address);
void mmio_write16(volatile void *address, uint16_t value);
uint8_t mmio_read8(const volatile void *address);
void mmio_write8(volatile void *address, uint8_t value);
#else
static inline uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline uint16_t in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline uint32_t in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
static inline uint32_t mmio_read32(const volatile void *address)
{
	return *(const volatile uint32_t *)address;
}
static inline void mmio_write32(volatile void *address, uint32_t value)
{
	__asm__ volatile("" : : : "memory");
	*(volatile uint32_t *)address = value;
}
static inline uint16_t mmio_read16(const volatile void *address)
{
	return *(const volatile uint16_t *)address;
}
static inline void mmio_write16(volatile void *address, uint16_t value)
{
	__asm__ volatile("" : : : "memory");
	*(volatile uint16_t *)address = value;
}
static inline uint8_t mmio_read8(const volatile void *address)
{
	return *(const volatile uint8_t *)address;
}
static inline void mmio_write8(volatile void *address, uint8_t value)
{
	__asm__ volatile("" : : : "memory");
	*(volatile uint8_t *)address = value;
}
#endif

/** Order memory writes (descriptors) before a doorbell; x86 needs the compiler told. */
static inline void write_barrier(void)
{
	__asm__ volatile("" : : : "memory");
}
/** Full barrier: a store must be seen by the device before the next load. */
static inline void full_barrier(void)
{
	__sync_synchronize();
}

#endif
