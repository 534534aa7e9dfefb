/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of iSCSI sessions share: a disk on a scripted target. */
#ifndef TEST_UNIT_ISCSI_DISK_H
#define TEST_UNIT_ISCSI_DISK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "test/host/host.h"
#include "test/host/iscsi_target.h"

#define PATH "iscsi:192.0.2.10:::1:iqn.2004-01.com.example:disk1"

static struct block_device *dev;
static uint8_t buffer[TARGET_BLOCKS * TARGET_BLOCK];

static inline int setup(void **state)
{
	host_reset();
	host_clock_set_ms(100000);
	settings_reset();
	setting_store("hostname", "host1", SOURCE_SCRIPT);
	iscsi_target_reset();
	dev = NULL;
	return 0;
}

static inline int teardown(void **state)
{
	if (dev)
		dev->ops->close(dev);
	iscsi_target_reset();
	iscsi_transport = &iscsi_tcp;
	settings_reset();
	assert_int_equal(host_heap_blocks(), 0);
	return 0;
}

static inline const struct san_scheme *scheme(void)
{
	const struct san_scheme *s;

	table_for_each(san_scheme, s)
		if (!strcmp(s->name, "iscsi"))
			return s;
	return NULL;
}

static inline void open_disk(void)
{
	dev = scheme()->open(PATH);
	if (!dev)
		print_error("%s\n", error_text());
	assert_non_null(dev);
}

static inline void open_fails(int code, const char *words)
{
	dev = scheme()->open(PATH);
	assert_null(dev);
	assert_non_null(strstr(error_text(), words));
	assert_string_equal(error_sentence(code), error_text());
}

static inline struct iscsi_session *session(void)
{
	return dev->priv;
}

static inline void pass_ms(unsigned ms)
{
	uint64_t end = clock_ms() + ms;

	wait_until(false, end);
}

/* Wait for the target's @counter to reach @value. */
static inline void wait_count(const unsigned *counter, unsigned value, unsigned ms)
{
	uint64_t end = clock_ms() + ms;

	wait_until(*counter >= value, end);
	assert_int_equal(*counter, value);
}

static inline int wait_request(struct block_request *r, unsigned ms)
{
	uint64_t end = clock_ms() + ms;
	int rc = wait_until(r->done, end);

	return rc ? rc : r->rc;
}

static inline int run(enum block_op op, uint64_t lba, uint32_t count, void *data)
{
	struct block_request r = {.op = op, .lba = lba, .count = count, .buffer = data};

	dev->ops->submit(dev, &r);
	return wait_request(&r, 600000);
}

static inline void fill(uint8_t seed)
{
	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = (uint8_t)(i * seed + (i >> 8));
}

static inline void write_and_compare(uint8_t seed)
{
	fill(seed);
	assert_int_equal(run(BLOCK_WRITE, 0, TARGET_BLOCKS, buffer), 0);
	assert_memory_equal(buffer, target.disk, sizeof(buffer));
	fill((uint8_t)(seed + 1));
	assert_int_equal(run(BLOCK_WRITE, 7, 1, buffer), 0);
	assert_memory_equal(buffer, target.disk + 7 * 512, 512);
}

#endif
