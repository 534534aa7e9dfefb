/* SPDX-License-Identifier: BSD-2-Clause */
/* iSCSI sessions against a scripted target: opening, transfers, messages, hostility, discovery. */
#include "test/unit/iscsi_disk.h"

/* ---- Opening ---- */

static void opens_and_describes(void **state)
{
	static struct ibft_params params;

	open_disk();
	assert_string_equal(dev->description,
			    "iscsi  iqn.2004-01.com.example:disk1  lun 1  at 192.0.2.10:3260");
	assert_int_equal(dev->blocks, TARGET_BLOCKS);
	assert_int_equal(dev->block_size, 512);
	assert_false(dev->read_only);
	assert_int_equal(dev->max_blocks, 1024); /* the target's limit */
	dev->ops->describe(dev, &params);
	assert_string_equal(params.initiator, "iqn.2010-04.org.ipxe:host1");
	assert_string_equal(params.target[0].name, "iqn.2004-01.com.example:disk1");
	assert_int_equal(params.target[0].address, 0xc000020a);
	assert_int_equal(params.target[0].port, 3260);
	assert_int_equal(params.target[0].chap_type, 0);
	assert_int_equal(get_be16(params.target[0].lun), 1);
	assert_int_equal(target.isid[0], 0x80);
	dev->ops->close(dev);
	dev = NULL;
	assert_int_equal(target.logouts, 1);
}

static void chap_reaches_the_ibft(void **state)
{
	static struct ibft_params params;

	target.username = "joe";
	target.password = "secretsecret";
	target.reverse_username = "disk";
	target.reverse_password = "othersecret12";
	target.algorithm = CHAP_SHA256;
	setting_store("username", "joe", SOURCE_SCRIPT);
	setting_store("password", "secretsecret", SOURCE_SCRIPT);
	setting_store("reverse-username", "disk", SOURCE_SCRIPT);
	setting_store("reverse-password", "othersecret12", SOURCE_SCRIPT);
	open_disk();
	dev->ops->describe(dev, &params);
	assert_int_equal(params.target[0].chap_type, 2);
	assert_string_equal(params.target[0].reverse_password, "othersecret12");
}

static void secrets_stay_out_when_unused(void **state)
{
	static struct ibft_params params;

	setting_store("username", "joe", SOURCE_SCRIPT);
	setting_store("password", "secretsecret", SOURCE_SCRIPT);
	open_disk();
	dev->ops->describe(dev, &params);
	assert_int_equal(params.target[0].chap_type, 0);
	assert_string_equal(params.target[0].password, "");
}

static void wrong_password(void **state)
{
	target.username = "joe";
	target.password = "secretsecret";
	setting_store("username", "joe", SOURCE_SCRIPT);
	setting_store("password", "guess", SOURCE_SCRIPT);
	open_fails(E_ISCSI_LOGIN_0201, "joe");
}

static void impostor(void **state)
{
	target.username = "joe";
	target.password = "secretsecret";
	target.reverse_username = "disk";
	target.reverse_password = "wrong";
	setting_store("username", "joe", SOURCE_SCRIPT);
	setting_store("password", "secretsecret", SOURCE_SCRIPT);
	setting_store("reverse-password", "right", SOURCE_SCRIPT);
	open_fails(E_ISCSI_TARGET_UNPROVEN, "reverse-password");
}

static void refusals(void **state)
{
	target.login_status = 0x0202;
	open_fails(E_ISCSI_LOGIN_0202, "add it to the target's list");
	assert_int_equal(target.connections, 1);
	target.login_status = 0x0203;
	open_fails(E_ISCSI_LOGIN_0203, "not found");
	target.login_status = 0;
	target.refuse = true;
	open_fails(E_ISCSI_LOST, "reset");
}

static void nowhere_to_connect(void **state)
{
	target.no_route = true;
	open_fails(E_TCP_NO_ROUTE, "no card has a route");
}

static void silence_and_cancel(void **state)
{
	uint64_t start = clock_ms();

	target.silent = true;
	open_fails(E_ISCSI_TIMEOUT, "does not answer");
	assert_true(clock_ms() - start < 30000);
	host_key(3);
	open_fails(E_CANCELLED, "cancelled");
}

static void login_in_many_pieces(void **state)
{
	target.split_login = true;
	target.chunk = 1;
	open_disk();
}

static void redirections(void **state)
{
	target.login_status = 0x0101;
	target.redirects = 2;
	strcpy(target.redirect, "192.0.2.77:860,1");
	open_disk();
	assert_int_equal(target.connections, 3);
	assert_int_equal(target.connect_address, 0xc000024d);
	assert_int_equal(target.connect_port, 860);
	assert_int_equal(session()->portal.address, 0xc000020a); /* temporary */
}

static void redirection_for_good_without_port(void **state)
{
	target.login_status = 0x0102;
	target.redirects = 1;
	strcpy(target.redirect, "192.0.2.77");
	open_disk();
	assert_int_equal(target.connect_port, 3260);
	assert_int_equal(session()->portal.address, 0xc000024d);
}

static void redirections_end(void **state)
{
	target.login_status = 0x0101;
	target.redirects = 1000;
	strcpy(target.redirect, "192.0.2.77");
	open_fails(E_ISCSI_REDIRECT, "more than");
	assert_true(target.connections < 10);
	strcpy(target.redirect, "[fe80::1]:3260,1");
	open_fails(E_ISCSI_REDIRECT, "IPv6");
}

static void luns_that_are_no_disk(void **state)
{
	target.device_type = 0x0c;
	open_fails(E_ISCSI_DEVICE, "the target has: 300");
	target.device_type = 0x7f;
	open_fails(E_ISCSI_LUN, "LUN 1 is not there");
}

static void write_protected(void **state)
{
	target.write_protected = true;
	open_disk();
	assert_true(dev->read_only);
}

/* ---- Transfers ---- */

static void reads(void **state)
{
	open_disk();
	assert_int_equal(run(BLOCK_READ, 0, TARGET_BLOCKS, buffer), 0);
	assert_memory_equal(buffer, target.disk, sizeof(buffer));
	assert_true(target.direct_bytes > sizeof(buffer) / 2); /* the bulk was not copied */
	assert_int_equal(run(BLOCK_READ, TARGET_BLOCKS - 1, 1, buffer), 0);
	assert_memory_equal(buffer, target.disk + sizeof(buffer) - 512, 512);
	assert_int_equal(run(BLOCK_READ, TARGET_BLOCKS, 1, buffer), E_ISCSI_RANGE);
	assert_int_equal(run(BLOCK_READ, UINT64_MAX, 2, buffer), E_ISCSI_RANGE);
	assert_int_equal(run(BLOCK_READ, 0, 0, buffer), 0);
	assert_int_equal(run(BLOCK_VERIFY, 0, TARGET_BLOCKS, NULL), 0);
	assert_int_equal(run(BLOCK_FLUSH, 0, 0, NULL), 0);
	assert_int_equal(target.flushes, 1);
}

static void reads_in_odd_pieces(void **state)
{
	for (size_t chunk = 1; chunk < 200; chunk = chunk * 2 + 1) {
		target.chunk = chunk;
		target.data_in = 1000 + 4 * (uint32_t)chunk;
		open_disk();
		memset(buffer, 0, 65536);
		assert_int_equal(run(BLOCK_READ, 3, 128, buffer), 0);
		assert_memory_equal(buffer, target.disk + 3 * 512, 65536);
		dev->ops->close(dev);
		dev = NULL;
	}
}

static void writes_in_every_mode(void **state)
{
	for (unsigned mode = 0; mode < 16; mode++) {
		iscsi_target_reset();
		target.initial_r2t = mode & 1;
		target.no_immediate = mode & 2;
		target.digests = mode & 4;
		if (mode & 8) {
			target.max_recv = 4096;
			target.first_burst = 10000;
			target.max_burst = 30000;
			target.r2t = 25000;
		}
		open_disk();
		write_and_compare((uint8_t)(mode + 3));
		assert_true(!target.immediates == target.no_immediate);
		assert_int_equal(run(BLOCK_READ, 0, 100, buffer), 0);
		assert_memory_equal(buffer, target.disk, 51200);
		dev->ops->close(dev);
		dev = NULL;
	}
}

static void a_small_write_is_one_pdu(void **state)
{
	open_disk();
	fill(9);
	assert_int_equal(run(BLOCK_WRITE, 0, 127, buffer), 0);
	assert_int_equal(target.r2ts, 0);
	assert_int_equal(target.data_outs, 0);
}

static void many_requests_in_a_narrow_window(void **state)
{
	static struct block_request r[100];

	target.window = 2;
	open_disk();
	memset(buffer, 0, sizeof(buffer));
	for (unsigned i = 0; i < ARRAY_SIZE(r); i++) {
		r[i] = (struct block_request){
			.op = BLOCK_READ, .lba = i * 10, .count = 10, .buffer = buffer + i * 5120};
		dev->ops->submit(dev, &r[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(r); i++)
		assert_int_equal(wait_request(&r[i], 10000), 0);
	assert_memory_equal(buffer, target.disk, 100 * 5120);
}

static void closed_window_opens_by_ping(void **state)
{
	uint8_t bhs[BHS_SIZE];
	struct block_request r = {.op = BLOCK_READ, .count = 1, .buffer = buffer};

	open_disk();
	session()->max_cmd_sn = session()->cmd_sn - 1;
	dev->ops->submit(dev, &r);
	assert_int_equal(wait_request(&r, 1000), E_TIMEOUT);
	bhs_init(bhs, OP_NOP_IN, FLAG_FINAL);
	put_be32(bhs + BHS_ITT, NO_TAG);
	put_be32(bhs + BHS_TTT, NO_TAG);
	target.window = 40;
	iscsi_target_send(bhs, NULL, 0);
	assert_int_equal(wait_request(&r, 1000), 0);
}

static void attention_and_busy_are_retried(void **state)
{
	open_disk();
	target.attention = 2;
	target.busy = 3;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
	assert_memory_equal(buffer, target.disk, 4096);
	target.attention = 100;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), E_SCSI_FAILED);
	target.attention = 0;
	target.busy = 100000;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), E_SCSI_NOT_READY); /* after san-timeout */
	target.busy = 0;
	assert_int_equal(run(BLOCK_WRITE, 0, 8, buffer), 0);
}

/* ---- Pings and messages ---- */

static void pings_are_answered(void **state)
{
	uint8_t bhs[BHS_SIZE];

	open_disk();
	for (unsigned i = 0; i < 3; i++) {
		bhs_init(bhs, OP_NOP_IN, FLAG_FINAL);
		put_be32(bhs + BHS_ITT, NO_TAG);
		put_be32(bhs + BHS_TTT, 0x1234);
		put_be32(bhs + BHS_STAT_SN, 0);
		iscsi_target_send(bhs, NULL, 0);
	}
	pass_ms(100);
	assert_int_equal(target.pongs, 3);
	for (unsigned i = 0; i < 1000; i++) {
		bhs_init(bhs, OP_NOP_IN, FLAG_FINAL);
		put_be32(bhs + BHS_ITT, NO_TAG);
		put_be32(bhs + BHS_TTT, 0x1234);
		iscsi_target_send(bhs, NULL, 0);
	}
	pass_ms(100);
	assert_true(target.pongs < 50);
}

static void logout_wish(void **state)
{
	uint8_t bhs[BHS_SIZE];

	open_disk();
	bhs_init(bhs, OP_ASYNC, FLAG_FINAL);
	bhs[36] = 1;
	put_be16(bhs + 42, 3);
	iscsi_target_send(bhs, NULL, 0);
	pass_ms(3000);
	assert_int_equal(target.logouts, 1);
	assert_int_equal(target.logins, 2);
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
}

static void drop_announced(void **state)
{
	uint8_t bhs[BHS_SIZE];
	uint64_t start;

	open_disk();
	bhs_init(bhs, OP_ASYNC, FLAG_FINAL);
	bhs[36] = 2;
	put_be16(bhs + 40, 4); /* stay away for 4 s */
	iscsi_target_send(bhs, NULL, 0);
	start = clock_ms();
	wait_count(&target.logins, 2, 10000);
	assert_true(clock_ms() - start >= 4000 && clock_ms() - start < 6000);
}

static void rejected(void **state)
{
	uint8_t bhs[BHS_SIZE], header[BHS_SIZE] = {OP_SCSI_COMMAND};

	open_disk();
	bhs_init(bhs, OP_REJECT, FLAG_FINAL);
	bhs[2] = 9;
	put_be32(bhs + BHS_ITT, NO_TAG);
	iscsi_target_send(bhs, header, sizeof(header));
	wait_count(&target.logins, 2, 5000);
	assert_non_null(strstr(session()->why, "rejected"));
}

/* ---- Hostile targets: a request never reaches outside its buffer ---- */

static unsigned mangle_left;
static unsigned mangle_opcode, mangle_offset;
static uint32_t mangle_value;

static void mangle(uint8_t *bhs)
{
	if ((bhs[0] & OP_MASK) != mangle_opcode || !mangle_left)
		return;
	mangle_left--;
	put_be32(bhs + mangle_offset, mangle_value);
}

static void hostile_fields(void **state)
{
	static const struct {
		enum block_op op;
		unsigned opcode, offset;
		uint32_t value;
	} cases[] = {
		{BLOCK_READ, OP_DATA_IN, BHS_OFFSET, 0xfffffe00},
		{BLOCK_READ, OP_DATA_IN, BHS_OFFSET, 512},
		{BLOCK_READ, OP_DATA_IN, BHS_ITT, 0},
		{BLOCK_READ, OP_DATA_IN, BHS_ITT, 0xffffffff},
		{BLOCK_READ, OP_DATA_IN, BHS_ITT, 0x100000ff},
		{BLOCK_READ, OP_DATA_IN, BHS_AHS_LENGTH, 0x00ffffff},
		{BLOCK_WRITE, OP_R2T, BHS_OFFSET, 0xfffffe00},
		{BLOCK_WRITE, OP_R2T, BHS_OFFSET, 0},
		{BLOCK_WRITE, OP_R2T, BHS_DESIRED, 0xffffffff},
		{BLOCK_WRITE, OP_R2T, BHS_DESIRED, 0},
		{BLOCK_WRITE, OP_R2T, BHS_TTT, 0xffffffff},
		{BLOCK_WRITE, OP_R2T, BHS_ITT, 0x77},
		{BLOCK_WRITE, OP_R2T, 0, 0x25800000},
		{BLOCK_WRITE, OP_SCSI_RESPONSE, BHS_ITT, 0x77},
		{BLOCK_WRITE, OP_R2T, 0, 0x21800000},
		{BLOCK_READ, OP_DATA_IN, 0, 0x3e800000},
		{BLOCK_READ, OP_DATA_IN, 0, 0x23800000},
		{BLOCK_READ, OP_DATA_IN, 0, 0x24800000},
		{BLOCK_READ, OP_DATA_IN, 0, 0x26800000},
		{BLOCK_READ, OP_DATA_IN, 0, 0x31800000},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *data;

		iscsi_target_reset();
		target.initial_r2t = true;
		open_disk();
		mangle_left = 1;
		mangle_opcode = cases[i].opcode;
		mangle_offset = cases[i].offset;
		mangle_value = cases[i].value;
		target.mangle = mangle;
		data = malloc(512 * 300);
		memset(data, 0x5a, 512 * 300);
		assert_int_equal(run(cases[i].op, 0, 300, data), 0);
		assert_memory_equal(data, target.disk, 512 * 300);
		assert_int_equal(mangle_left, 0);
		assert_true(target.connections > 1 || cases[i].opcode == OP_SCSI_RESPONSE);
		free(data);
		dev->ops->close(dev);
		dev = NULL;
	}
}

static void short_data_is_not_success(void **state)
{
	/* Good status, but half of the data: dropped, tried again, and in the end refused. */
	open_disk();
	target.data_in = 512;
	mangle_left = 1000000;
	mangle_opcode = OP_DATA_IN;
	mangle_offset = 0;
	mangle_value = 0x25810000; /* status in the first PDU */
	target.mangle = mangle;
	assert_true(run(BLOCK_READ, 0, 8, buffer) < 0);
}

static void wrong_digests_end_the_connection(void **state)
{
	target.digests = true;
	open_disk();
	assert_true(session()->params.header_digest);
	memset(buffer, 0, 100);
	iscsi_target_raw(buffer, 100);
	wait_count(&target.logins, 2, 5000);
	assert_non_null(strstr(session()->why, "digest"));
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
}

/* ---- Discovery ---- */

static void lists_targets(void **state)
{
	assert_int_equal(iscsi_list("192.0.2.10"), 0);
	assert_non_null(strstr(host_output(), "iqn.one\n    at 192.0.2.1:3260,1\niqn.two\n"));
	target.login_status = 0x0201;
	assert_int_equal(iscsi_list("192.0.2.10:3261"), E_ISCSI_LOGIN_0201);
	assert_int_equal(iscsi_list("[::1]"), E_ISCSI_PATH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_and_describes),
		TEST(chap_reaches_the_ibft),
		TEST(secrets_stay_out_when_unused),
		TEST(wrong_password),
		TEST(impostor),
		TEST(refusals),
		TEST(nowhere_to_connect),
		TEST(silence_and_cancel),
		TEST(login_in_many_pieces),
		TEST(redirections),
		TEST(redirection_for_good_without_port),
		TEST(redirections_end),
		TEST(luns_that_are_no_disk),
		TEST(write_protected),
		TEST(reads),
		TEST(reads_in_odd_pieces),
		TEST(writes_in_every_mode),
		TEST(a_small_write_is_one_pdu),
		TEST(many_requests_in_a_narrow_window),
		TEST(closed_window_opens_by_ping),
		TEST(attention_and_busy_are_retried),
		TEST(pings_are_answered),
		TEST(logout_wish),
		TEST(drop_announced),
		TEST(rejected),
		TEST(hostile_fields),
		TEST(short_data_is_not_success),
		TEST(wrong_digests_end_the_connection),
		TEST(lists_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
