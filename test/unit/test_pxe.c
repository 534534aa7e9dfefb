/* SPDX-License-Identifier: BSD-2-Clause */
/* The PXE API: its structures, the dispatcher, the preboot functions. */
#include "test/unit/pxe_program.h"
#include "boot/pxe_packets.h"
#include "boot/pxe_params.h"
#include "san/guest.h"

static void sent(struct nic *card, const struct tx_frame *frame)
{
}

static int setup(void **state)
{
	program_start(sent);
	return 0;
}

static int teardown(void **state)
{
	guest_running(false);
	program_stop();
	return 0;
}

/* Call @opcode with the block at ES:DI; returns AX. */
static uint16_t call_at(uint16_t opcode, uint16_t segment, uint16_t offset)
{
	struct real_regs regs = {.ebx = opcode, .es = segment, .edi = offset, .eax = 0xaaaa5555};

	host_pxe_call(&regs);
	assert_int_equal(regs.eax >> 16, 0xaaaa);
	assert_int_equal(!!(regs.eflags & FLAG_CARRY), (uint16_t)regs.eax != 0);
	return (uint16_t)regs.eax;
}

static uint8_t sum(const uint8_t *data, size_t len)
{
	uint8_t total = 0;

	while (len--)
		total += *data++;
	return total;
}

static uint8_t *at(struct segoff p)
{
	return physical(((uint32_t)p.segment << 4) + p.offset, 1);
}

/* ---- Structures and discovery ---- */

static void structures_are_as_specified(void **state)
{
	uint8_t *pxenv = at(pxe_pxenv()), *bang = at(pxe_bang());
	struct pxe_entries entries;

	low_pxe_entries(&entries);
	assert_memory_equal(pxenv, "PXENV+", 6);
	assert_int_equal(get_le16(pxenv + 6), 0x0201);
	assert_int_equal(pxenv[8], 0x2c);
	assert_int_equal(sum(pxenv, 0x2c), 0);
	assert_int_equal(get_le32(pxenv + 10), (uint32_t)entries.segment << 16 | entries.pxenv);
	assert_int_equal(get_le16(pxenv + 40), pxe_bang().offset);
	assert_int_equal(get_le16(pxenv + 42), pxe_bang().segment);
	assert_memory_equal(bang, "!PXE", 4);
	assert_int_equal(bang[4], 0x58);
	assert_int_equal(sum(bang, 0x58), 0);
	assert_int_equal(get_le32(bang + 16), (uint32_t)entries.segment << 16 | entries.bang);
	assert_int_equal(bang[29], 7);
	assert_int_equal(physical_address(pxenv) % 16, 0);
	assert_int_equal(physical_address(bang) % 16, 0);
}

static void int1a_tells_where(void **state)
{
	struct real_regs regs = {.eax = 0x5650, .eflags = FLAG_CARRY};

	host_interrupt(GATE_INT1A, &regs);
	assert_int_equal(regs.eax, 0x564e);
	assert_int_equal(regs.es, pxe_pxenv().segment);
	assert_int_equal(regs.ebx, pxe_pxenv().offset);
	assert_int_equal(regs.edx, physical_address(at(pxe_pxenv())));
	assert_false(regs.eflags & FLAG_CARRY);
}

static void nothing_is_left_behind(void **state)
{
	uint8_t *pxenv = at(pxe_pxenv());
	struct real_regs regs = {.eax = 0x5650};

	pxe_stop();
	assert_null(pxe_nic);
	for (unsigned i = 0; i < LOW_PXE_SIZE; i++)
		assert_int_equal(pxenv[i], 0);
	assert_null(host_gate_handler(GATE_INT1A));
	regs = (struct real_regs){.ebx = PXENV_STOP_BASE, .es = PROGRAM_BLOCK >> 4};
	host_pxe_call(&regs);
	assert_int_equal(regs.eax, PXENV_EXIT_FAILURE);
}

/* ---- The dispatcher ---- */

static void every_call_fits(void **state)
{
	const struct pxe_call *c, *other;

	table_for_each(pxe_call, c) {
		assert_true(c->size >= 2 && c->size <= PXE_BLOCK_MAX);
		assert_non_null(c->name);
		table_for_each(pxe_call, other)
			assert_true(c == other || c->opcode != other->opcode);
	}
}

static void unknown_functions_are_refused(void **state)
{
	uint8_t block[2] = {0x55, 0x55};

	assert_int_equal(call(0x7fff, block, 2), PXENV_STATUS_UNSUPPORTED);
}

static void blocks_outside_are_refused(void **state)
{
	static const uint8_t untouched[64];

	/* The end of the first megabyte, our low block, and the high memory area. */
	assert_int_equal(call_at(PXENV_STOP_BASE, 0xffff, 0x000f), PXENV_EXIT_FAILURE);
	assert_int_equal(call_at(PXENV_STOP_BASE, 0xffff, 0xffff), PXENV_EXIT_FAILURE);
	assert_int_equal(call_at(PXENV_STOP_BASE, (uint16_t)(host_low_block_start >> 4), 0x100),
			 PXENV_EXIT_FAILURE);
	assert_int_equal(call_at(0x7fff, 0xffff, 0xffff), PXENV_EXIT_FAILURE);
	assert_memory_equal(physical(0x100000, 64), untouched, 64);
	assert_memory_equal(physical(host_low_block_start + 0x100, 64), untouched, 64);
	assert_int_equal(call_at(PXENV_STOP_BASE, 0xffff, 0x000e), PXENV_EXIT_SUCCESS);
}

/* From an interrupt handler of the program's, while we serve it already. */
static void calls_inside_of_calls_are_refused(void **state)
{
	guest_call_active = true;
	assert_int_equal(call_at(PXENV_STOP_BASE, PROGRAM_BLOCK >> 4, 0), PXENV_EXIT_FAILURE);
	pxe_command_begin();
	assert_int_equal(call_at(PXENV_STOP_BASE, PROGRAM_BLOCK >> 4, 0), PXENV_EXIT_SUCCESS);
	assert_false(guest_call_active);
}

/* Not only our home: images that wait for the program's end, too. */
static void hidden_memory_is_no_target(void **state)
{
	static const struct memory_range map[] = {{0, 0x9fc00, 1, 1}, {0x100000, 0x100000, 1, 1}};

	host_memmap_set(map, ARRAY_SIZE(map));
	host_hidden_range = (struct memory_range){.base = 0x180000, .length = 0x1000};
	assert_non_null(pxe_target_linear(0x180000, 4));
	memmap_hide();
	assert_null(pxe_target_linear(0x180000, 4));
	assert_null(pxe_target_linear(0x17fffd, 4));
	assert_non_null(pxe_target_linear(0x17fffc, 4));
	assert_null(pxe_target_linear(0x180fff, 4));
	assert_non_null(pxe_target_linear(0x181000, 4));
	host_hidden_range.length = 0;
	host_memmap_set(NULL, 0);
}

static void text_is_bounded(void **state)
{
	char out[8];

	strcpy(physical(0x30000, 16), "seven77");
	assert_true(pxe_text((struct segoff){0, 0x3000}, out, sizeof(out)));
	assert_string_equal(out, "seven77");
	strcpy(physical(0x30000, 16), "eight888");
	assert_false(pxe_text((struct segoff){0, 0x3000}, out, sizeof(out)));
	memset(physical(0xffff8, 8), 'x', 8);
	assert_false(pxe_text((struct segoff){8, 0xffff}, out, sizeof(out)));
}

/* ---- Cached packets ---- */

static uint16_t cached(uint16_t type, uint16_t size, struct segoff buffer,
		       struct pxe_get_cached_info *info)
{
	*info = (struct pxe_get_cached_info){
		.packet_type = type, .buffer_size = size, .buffer = buffer};
	return call(PXENV_GET_CACHED_INFO, info, sizeof(*info));
}

static void packets_by_pointer(void **state)
{
	struct pxe_get_cached_info info;

	for (uint16_t type = 1; type <= 3; type++) {
		assert_int_equal(cached(type, 0, (struct segoff){0}, &info), 0);
		assert_int_equal(info.buffer_size, PXE_PACKET_SIZE);
		assert_int_equal(info.buffer_limit, PXE_PACKET_SIZE);
		assert_int_equal(at(info.buffer)[0], type == 1 ? 1 : 2);
		assert_int_equal(get_be32(at(info.buffer) + 236), 0x63825363);
		assert_memory_equal(at(info.buffer) + 28, net0->mac, 6);
	}
	/* A size without a place to write to is a question for the pointer, too. */
	assert_int_equal(cached(2, 300, (struct segoff){0}, &info), 0);
	assert_int_equal(info.buffer.segment, pxe_pxenv().segment);
}

static void packets_by_copy(void **state)
{
	struct pxe_get_cached_info info;
	uint8_t *ours, *copy = physical(PROGRAM_DATA, 4096);

	assert_int_equal(cached(2, 0, (struct segoff){0}, &info), 0);
	ours = at(info.buffer);
	memset(copy, 0xee, 4096);
	assert_int_equal(cached(2, 300, far(PROGRAM_DATA), &info), 0);
	assert_int_equal(info.buffer_size, 300);
	assert_memory_equal(copy, ours, 300);
	assert_int_equal(copy[300], 0xee);
	assert_int_equal(cached(3, 4000, far(PROGRAM_DATA), &info), 0);
	assert_int_equal(info.buffer_size, PXE_PACKET_SIZE);
	assert_int_equal(copy[PXE_PACKET_SIZE], 0xee);
}

static void packets_refused(void **state)
{
	struct pxe_get_cached_info info;

	assert_int_equal(cached(0, 0, (struct segoff){0}, &info), PXENV_STATUS_UNSUPPORTED);
	assert_int_equal(cached(4, 0, (struct segoff){0}, &info), PXENV_STATUS_UNSUPPORTED);
	assert_int_equal(cached(0xffff, 0, (struct segoff){0}, &info), PXENV_STATUS_UNSUPPORTED);
	assert_int_equal(cached(2, 300, pxe_pxenv(), &info), PXENV_STATUS_FAILURE);
	assert_int_equal(cached(2, 300, (struct segoff){0xff00, 0xf100}, &info),
			 PXENV_STATUS_FAILURE);
	assert_memory_equal(at(pxe_pxenv()), "PXENV+", 6);
}

/* ---- Giving the machine back ---- */

static void preboot_calls(void **state)
{
	struct pxe_start_undi start = {0};

	assert_int_equal(call(PXENV_START_UNDI, &start, sizeof(start)), 0);
	assert_int_equal(call_plain(PXENV_START_BASE), 0);
	assert_int_equal(call_plain(PXENV_STOP_BASE), 0);
}

/* As PXELINUX does it before it starts a kernel. */
static void all_is_given_back(void **state)
{
	guest_running(true);
	memmap_hide();
	assert_int_equal(call_plain(PXENV_STOP_UNDI), PXENV_STATUS_KEEP_UNDI);
	assert_int_equal(call_plain(PXENV_UNLOAD_STACK), 0);
	assert_null(host_gate_handler(GATE_INT1A));
	assert_true(host_memmap_hidden && net0->open);
	assert_int_equal(call_plain(PXENV_START_BASE), PXENV_STATUS_UNSUPPORTED);
	assert_int_equal(call_plain(PXENV_STOP_UNDI), 0);
	assert_false(host_memmap_hidden || net0->open || guest_is_running());
	assert_null(host_gate_handler(GATE_INT08));
	assert_null(pxe_nic);
	assert_int_equal(call_at(PXENV_STOP_BASE, PROGRAM_BLOCK >> 4, 0), PXENV_EXIT_FAILURE);
}

static void a_foreign_hook_keeps_us(void **state)
{
	guest_running(true);
	memmap_hide();
	host_foreign_hook = true;
	assert_int_equal(call_plain(PXENV_UNLOAD_STACK), PXENV_STATUS_KEEP_ALL);
	assert_non_null(host_gate_handler(GATE_INT1A));
	host_foreign_hook = false;
	assert_int_equal(call_plain(PXENV_UNLOAD_STACK), 0);
	host_foreign_hook = true;
	assert_int_equal(call_plain(PXENV_STOP_UNDI), PXENV_STATUS_KEEP_UNDI);
	assert_true(host_memmap_hidden && net0->open && pxe_nic == net0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(structures_are_as_specified, setup, teardown),
		cmocka_unit_test_setup_teardown(int1a_tells_where, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(every_call_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_functions_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_outside_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(calls_inside_of_calls_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden_memory_is_no_target, setup, teardown),
		cmocka_unit_test_setup_teardown(text_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_by_pointer, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_by_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(preboot_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(all_is_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_foreign_hook_keeps_us, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
