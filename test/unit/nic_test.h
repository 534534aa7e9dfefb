/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of every driver. */
#ifndef TEST_UNIT_NIC_TEST_H
#define TEST_UNIT_NIC_TEST_H

#include "lib/error.h"
#include "test/host/host.h"

/** Open @which, which is closed, with memory for fewer and fewer things missing, up to the one that
 * it can do without, or not; @quiet looks whether the chip is. Nothing is lost. */
static inline void open_without_memory(struct nic *which, void (*quiet)(void))
{
	size_t before = host_heap_used();
	unsigned failures = 0;

	for (unsigned n = 1; n < 7; n++) {
		int rc;

		host_heap_fail(n, true);
		rc = nic_open(which);
		host_heap_fail(0, false);
		failures += rc != 0;
		if (!rc)
			nic_close(which);
		else
			assert_int_equal(rc, E_NO_MEMORY);
		assert_int_equal(host_heap_used(), before);
		quiet();
	}
	assert_in_range(failures, 4, 6);
}

#endif
