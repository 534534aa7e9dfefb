/* SPDX-License-Identifier: BSD-2-Clause */
/* The gPXE functions: files by URI, commands, what the API says of itself. */
#include "test/unit/pxe_program.h"
#include "boot/image.h"
#include "lib/text.h"

#define NAME   (PROGRAM_DATA)
#define BUFFER (PROGRAM_DATA + 0x4000)
#define ENDS                                                                                       \
	{                                                                                          \
		0xfff8, 0xffff                                                                     \
	} /* a few bytes below the end of real mode's memory */

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
	program_stop();
	return 0;
}

/* ---- The program's calls, with the layouts that PXELINUX uses ---- */

static uint16_t open_at(struct segoff name, uint16_t *handle)
{
	uint8_t p[12] = {0};
	uint16_t status;

	put_le16(p + 4, name.offset);
	put_le16(p + 6, name.segment);
	status = call(0xe0, p, sizeof(p));
	*handle = get_le16(p + 2);
	return status;
}

static uint16_t open_file(const char *name, uint16_t *handle)
{
	strcpy(physical(NAME, 8192), name);
	return open_at(far(NAME), handle);
}

static uint16_t close_file(uint16_t handle)
{
	uint8_t p[4] = {0};

	put_le16(p + 2, handle);
	return call(0xe1, p, sizeof(p));
}

static uint16_t read_to(uint16_t handle, struct segoff buffer, uint16_t *size)
{
	uint8_t p[10] = {0};
	uint16_t status;

	put_le16(p + 2, handle);
	put_le16(p + 4, *size);
	put_le16(p + 6, buffer.offset);
	put_le16(p + 8, buffer.segment);
	status = call(0xe3, p, sizeof(p));
	*size = get_le16(p + 4);
	return status;
}

static uint16_t exec_at(struct segoff command)
{
	uint8_t p[6] = {0};

	put_le16(p + 2, command.offset);
	put_le16(p + 4, command.segment);
	return call(0xe5, p, sizeof(p));
}

static uint16_t exec(const char *command)
{
	strcpy(physical(NAME, 8192), command);
	return exec_at(far(NAME));
}

/* ---- Files ---- */

static void a_file_from_open_to_close(void **state)
{
	uint8_t select[6] = {0}, size_of[8] = {0};
	uint16_t handle, other, size = 4;

	assert_int_equal(open_file("data:,hello-file", &handle), 0);
	assert_int_equal(open_file("data:,another", &other), 0);
	assert_int_not_equal(handle, other);
	put_le16(select + 2, handle);
	assert_int_equal(call(0xe2, select, sizeof(select)), 0);
	assert_int_equal(get_le16(select + 4), 1);
	put_le16(size_of + 2, handle);
	assert_int_equal(call(0xe4, size_of, sizeof(size_of)), 0);
	assert_int_equal(get_le32(size_of + 4), 10);
	assert_int_equal(read_to(handle, far(BUFFER), &size), 0);
	assert_int_equal(size, 4);
	assert_memory_equal(physical(BUFFER, 4), "hell", 4);
	size = 0xffff - (BUFFER & 15);
	assert_int_equal(read_to(handle, far(BUFFER), &size), 0);
	assert_int_equal(size, 6);
	assert_memory_equal(physical(BUFFER, 7), "o-file", 7);
	size = 10;
	assert_int_equal(read_to(handle, far(BUFFER), &size), 0);
	assert_int_equal(size, 0); /* the end */
	assert_int_equal(close_file(handle), 0);
	assert_int_equal(close_file(handle), PXENV_STATUS_TFTP_CLOSED);
	size = 3;
	assert_int_equal(read_to(other, far(BUFFER), &size), 0);
	assert_memory_equal(physical(BUFFER, 3), "ano", 3);
	assert_int_equal(close_file(other), 0);
}

static void handles_that_are_none(void **state)
{
	static const uint16_t bad[] = {0, 1, 16, 17, 0xffff};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t select[6] = {0}, size_of[8] = {0};
		uint16_t size = 1;

		put_le16(select + 2, bad[i]);
		put_le16(size_of + 2, bad[i]);
		assert_int_equal(close_file(bad[i]), PXENV_STATUS_TFTP_CLOSED);
		assert_int_equal(read_to(bad[i], far(BUFFER), &size), PXENV_STATUS_TFTP_CLOSED);
		assert_int_equal(call(0xe2, select, sizeof(select)), PXENV_STATUS_TFTP_CLOSED);
		assert_int_equal(call(0xe4, size_of, sizeof(size_of)), PXENV_STATUS_TFTP_CLOSED);
	}
}

static void pointers_are_checked(void **state)
{
	uint16_t handle, size = 64;
	struct segoff end = ENDS;
	char *name = physical(NAME, 8192);

	assert_int_equal(open_at(end, &handle), PXENV_STATUS_FAILURE);
	memset(name, 'x', 8192);
	assert_int_equal(open_at(far(NAME), &handle), PXENV_STATUS_FAILURE);
	assert_int_equal(handle, 0);
	assert_int_equal(open_file("data:,hello", &handle), 0);
	assert_int_equal(read_to(handle, end, &size), PXENV_STATUS_FAILURE);
	size = 64;
	assert_int_equal(read_to(handle, far(host_low_block_start), &size), PXENV_STATUS_FAILURE);
	size = 64;
	assert_int_equal(read_to(handle, far(BUFFER), &size), 0);
	assert_int_equal(size, 5); /* nothing was lost */
}

static void what_cannot_be_opened(void **state)
{
	uint16_t handle;

	assert_int_equal(open_file("", &handle), PXENV_STATUS_FAILURE);
	assert_int_equal(open_file("gopher://h/x", &handle), PXENV_STATUS_FAILURE);
	assert_int_equal(open_file("http://[bad", &handle), PXENV_STATUS_FAILURE);
	assert_int_equal(handle, 0);
}

static void files_end_with_the_program(void **state)
{
	size_t before = host_heap_used();
	uint16_t handle;

	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(open_file("data:,x", &handle), 0);
	assert_int_equal(open_file("data:,x", &handle), PXENV_STATUS_OUT_OF_RESOURCES);
	assert_true(host_heap_used() > before);
	pxe_stop();
	assert_int_equal(host_heap_used(), before);
	assert_int_equal(host_image_used(), 0);
}

static void without_memory(void **state)
{
	uint16_t handle;

	for (unsigned n = 1; n < 4; n++) {
		host_heap_fail(n, true);
		assert_int_equal(open_file("data:,x", &handle), PXENV_STATUS_OUT_OF_RESOURCES);
		assert_int_equal(exec("echo x"), PXENV_STATUS_OUT_OF_RESOURCES);
		host_heap_fail(0, false);
	}
}

/* ---- Commands ---- */

static void commands_run(void **state)
{
	char text[16];

	host_output_clear();
	assert_int_equal(exec("set answer 42 && echo said-${answer}"), 0);
	assert_non_null(strstr(host_output(), "said-42"));
	setting_text("", "answer", text, sizeof(text));
	assert_string_equal(text, "42");
	assert_int_not_equal(exec("isset ${nothing}"), 0);
	assert_int_not_equal(exec("no-such-command"), 0);
	assert_non_null(strstr(host_output(), "no-such-command"));
	assert_int_equal(exec(""), 0);
}

static void exit_ends_the_command_only(void **state)
{
	assert_int_equal(exec("exit 0"), 0);
	assert_int_not_equal(exec("exit 3"), 0);
	host_output_clear();
	assert_int_equal(exec("echo goes-on"), 0);
	assert_non_null(strstr(host_output(), "goes-on"));
}

static void commands_that_do_not_end(void **state)
{
	memset(physical(NAME, 8192), 'x', 8192);
	assert_int_equal(exec_at(far(NAME)), PXENV_STATUS_FAILURE);
	assert_int_equal(exec_at((struct segoff)ENDS), PXENV_STATUS_FAILURE);
}

/* ---- What the API says of itself ---- */

static void api_check(void **state)
{
	uint8_t p[20] = {0};

	put_le16(p + 2, sizeof(p));
	put_le32(p + 4, 0x91d447b2);
	assert_int_equal(call(0xe6, p, sizeof(p)), 0);
	assert_int_equal(get_le16(p + 2), 20);
	assert_int_equal(get_le32(p + 4), 0xe9c17b20);
	assert_int_equal(get_le32(p + 8), 0x45585067);
	assert_int_equal(get_le32(p + 12), 0x17f); /* E0h to E8h, but E7h */
	assert_int_equal(get_le32(p + 16), 0);
	assert_int_equal(call(0xe6, p, sizeof(p)), PXENV_STATUS_BAD_FUNC);
	put_le32(p + 4, 0x91d447b2);
	put_le16(p + 2, 19);
	assert_int_equal(call(0xe6, p, sizeof(p)), PXENV_STATUS_OUT_OF_RESOURCES);
	assert_int_equal(call_plain(0xe7), PXENV_STATUS_UNSUPPORTED);
}

static uint8_t program_bytes[] = {0xfa, 0xf4};
static uint16_t cmdline_size;

static uint16_t ask_cmdline(uint16_t size, struct segoff buffer)
{
	uint8_t p[8] = {0};
	uint16_t status;

	memset(physical(BUFFER, 32), 0xee, 32);
	put_le16(p + 2, size);
	put_le16(p + 4, buffer.offset);
	put_le16(p + 6, buffer.segment);
	status = call(0xe8, p, sizeof(p));
	cmdline_size = get_le16(p + 2);
	return status;
}

static int inside(struct image *image)
{
	const char *text = physical(BUFFER, 32);

	assert_int_equal(ask_cmdline(32, far(BUFFER)), 0);
	assert_string_equal(text, "one two");
	assert_int_equal(cmdline_size, 8);
	assert_int_equal(ask_cmdline(4, far(BUFFER)), 0);
	assert_string_equal(text, "one");
	assert_int_equal(cmdline_size, 8);
	assert_int_equal(ask_cmdline(0, far(BUFFER)), 0);
	assert_int_equal((uint8_t)text[0], 0xee);
	assert_int_equal(cmdline_size, 8);
	assert_int_equal(ask_cmdline(32, (struct segoff)ENDS), PXENV_STATUS_FAILURE);
	return 0;
}

static void arguments_of_the_program(void **state)
{
	static const struct image_type type = {.name = "test", .execute = inside};
	struct image *image = image_add("program", NULL, program_bytes, sizeof(program_bytes), 0);

	assert_non_null(image);
	image->type = &type;
	assert_int_equal(image_set_cmdline(image, "one two"), 0);
	assert_int_equal(image_execute(image), 0);
	image_free(image);
	/* A program without any. */
	assert_int_equal(ask_cmdline(32, far(BUFFER)), 0);
	assert_int_equal(*(char *)physical(BUFFER, 1), 0);
	assert_int_equal(cmdline_size, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_from_open_to_close),
		TEST(handles_that_are_none),
		TEST(pointers_are_checked),
		TEST(what_cannot_be_opened),
		TEST(files_end_with_the_program),
		TEST(without_memory),
		TEST(commands_run),
		TEST(exit_ends_the_command_only),
		TEST(commands_that_do_not_end),
		TEST(api_check),
		TEST(arguments_of_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
