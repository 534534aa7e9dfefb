/* SPDX-License-Identifier: BSD-2-Clause */
/* san/http_block.c against a scripted HTTP server behind the real TCP: ranges, redirects, logins,
 * connections that end, servers that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "netstack/http.h"
#include "san/cache.h"
#include "test/unit/tcp_peer.h"

#define SERVER "http://192.0.2.1:3260"
#define SIZE   (1u << 20)

/* ---- The server: one file, and bad habits ---- */

static uint8_t content[SIZE];
static uint64_t total;	     /* that it claims */
static unsigned connections; /* so far */
static unsigned asked, answers;
static unsigned answers_a_connection; /* then it closes; 0: never */
static bool announce_close, no_length;
static bool silent;		/* takes requests and says nothing */
static bool refuse_connections; /* with a reset */
static unsigned status;		/* instead of 206; 0 */
static unsigned shift;		/* bytes by which the part sent is off */
static const char *etag;
static const char *password; /* wanted Authorization */
static char incoming[65536];
static size_t incoming_len;
static uint64_t last_first, last_last;
static unsigned answers_here, most_pipelined;
static char text[SIZE + 1024];

/* What is said waits here until the other side has room: the card is small. */
static uint8_t speech[8 * SIZE];
static size_t speech_len, spoken;
static uint32_t acked;
static uint8_t farewell; /* flags of the last segment, 0: none */

static void say(const void *data, size_t len)
{
	assert_true(speech_len + len <= sizeof(speech));
	memcpy(speech + speech_len, data, len);
	speech_len += len;
}

static void hang_up(uint8_t flags)
{
	farewell = flags;
}

static void speak(void)
{
	while (spoken < speech_len && peer_seq - acked < 20000) {
		uint32_t n = (uint32_t)(speech_len - spoken < 1400 ? speech_len - spoken : 1400);
		struct peer_segment seg =
			peer_segment(TCP_ACK | TCP_PSH, peer_seq, speech + spoken, n);

		peer_send_raw(&seg, 0);
		peer_seq += n;
		spoken += n;
	}
	if (spoken < speech_len)
		return;
	spoken = speech_len = 0;
	if (farewell) {
		struct peer_segment seg = peer_segment(farewell | TCP_ACK, peer_seq, NULL, 0);

		peer_send_raw(&seg, 0);
		peer_seq++;
		farewell = 0;
	}
}

static void say_part(uint64_t first, uint64_t last)
{
	size_t len = (size_t)(last - first + 1), n;
	bool last_one = announce_close && answers_here + 1 == answers_a_connection;

	n = (size_t)sprintf(text, "HTTP/1.1 206 Partial Content\r\n%s%s%s%s", etag ? "ETag: " : "",
			    etag ? etag : "", etag ? "\r\n" : "",
			    last_one ? "Connection: close\r\n" : "");
	if (!no_length)
		n += (size_t)sprintf(text + n, "Content-Length: %zu\r\n", len);
	n += (size_t)sprintf(text + n, "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
			     (unsigned long long)first + shift, (unsigned long long)last + shift,
			     (unsigned long long)total);
	for (size_t i = 0; i < len; i++)
		text[n++] = (char)content[(first + i) % SIZE];
	say(text, n);
}

static void answer(const char *request)
{
	const char *range = strstr(request, "\r\nRange: bytes=");

	asked++;
	if (silent)
		return;
	if (password && !strstr(request, password)) {
		static const char no[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
					 "WWW-Authenticate: Basic realm=\"disks\"\r\n\r\n";

		say(no, sizeof(no) - 1);
		return;
	}
	if (strstr(request, "GET /moved")) {
		static const char moved[] = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
					    "Location: /disk.img\r\n\r\n";

		say(moved, sizeof(moved) - 1);
		return;
	}
	if (status) {
		size_t n = (size_t)sprintf(
			text, "HTTP/1.1 %u Indeed\r\nContent-Length: 3\r\n\r\nno\n", status);

		say(text, n);
		return;
	}
	assert_non_null(range);
	assert_int_equal(sscanf(range, "\r\nRange: bytes=%llu-%llu\r\n",
				(unsigned long long *)&last_first,
				(unsigned long long *)&last_last),
			 2);
	say_part(last_first, last_last);
	answers++;
	answers_here++;
	if (answers_here == answers_a_connection)
		hang_up(TCP_FIN);
}

static void take_data(const struct peer_segment *seg)
{
	unsigned pipelined = 0;
	struct peer_segment ack;
	char *end;

	if (!seg->len || seg->seq != peer_ack || seg->source_port != our_port)
		return;
	memcpy(incoming + incoming_len, seg->data, seg->len);
	incoming_len += seg->len;
	incoming[incoming_len] = 0;
	peer_ack += seg->len;
	ack = peer_segment(TCP_ACK, peer_seq, NULL, 0);
	peer_send_raw(&ack, 0);
	while ((end = strstr(incoming, "\r\n\r\n"))) {
		end[2] = 0;
		if (!answers_a_connection || answers_here < answers_a_connection)
			answer(incoming);
		pipelined++;
		incoming_len -= (size_t)(end + 4 - incoming);
		memmove(incoming, end + 4, incoming_len + 1);
	}
	if (pipelined > most_pipelined)
		most_pipelined = pipelined;
}

static void server_turn(void)
{
	struct peer_segment *seg, reply;

	while ((seg = peer_next())) {
		if (seg->flags != TCP_SYN) {
			if (seg->source_port == our_port && seg->flags & TCP_ACK)
				acked = seg->ack;
			take_data(seg);
			continue;
		}
		our_port = seg->source_port;
		peer_isn += 100000;
		peer_seq = peer_isn;
		peer_ack = seg->seq + 1;
		acked = peer_seq + 1;
		incoming_len = answers_here = 0;
		spoken = speech_len = farewell = 0;
		incoming[0] = 0;
		if (refuse_connections) {
			reply = peer_segment(TCP_RST | TCP_ACK, 0, NULL, 0);
			peer_send_raw(&reply, 0);
			continue;
		}
		connections++;
		reply = peer_segment(TCP_SYN | TCP_ACK, peer_seq, NULL, 0);
		reply.mss = 1460;
		peer_send_raw(&reply, 0);
		peer_seq++;
	}
	speak();
}

/* ---- The disk ---- */

static struct block_device *dev;
static uint8_t buffer[SIZE];

static int setup(void **state)
{
	peer_start(0);
	host_turn = server_turn;
	for (unsigned i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 24);
	total = SIZE;
	connections = asked = answers = answers_a_connection = answers_here = most_pipelined = 0;
	announce_close = no_length = silent = refuse_connections = false;
	status = shift = 0;
	etag = password = NULL;
	incoming_len = spoken = speech_len = farewell = 0;
	dev = NULL;
	host_output_clear();
	return 0;
}

static int teardown(void **state)
{
	if (dev)
		dev->ops->close(dev);
	http_close_idle();
	host_turn = NULL;
	peer_stop();
	return 0;
}

static struct block_device *open_path(const char *path)
{
	const struct san_scheme *s;

	error_clear();
	table_for_each(san_scheme, s)
		if (!strcmp(s->name, "http"))
			dev = s->open(path);
	return dev;
}

static void open_disk(void)
{
	if (!open_path(SERVER "/disk.img"))
		print_error("%s\n", error_text());
	assert_non_null(dev);
}

static void open_fails(int code, const char *words)
{
	assert_null(open_path(SERVER "/disk.img"));
	assert_int_equal(error_code(), code);
	if (!strstr(error_text(), words))
		print_error("%s\n", error_text());
	assert_non_null(strstr(error_text(), words));
	assert_non_null(strstr(error_text(), SERVER "/disk.img"));
}

static int read_blocks(uint64_t lba, uint32_t count)
{
	memset(buffer, 0xee, sizeof(buffer));
	return block_run(dev, BLOCK_READ, lba, count, buffer);
}

static void read_right(uint64_t lba, uint32_t count)
{
	int rc = read_blocks(lba, count);

	if (rc)
		print_error("%s\n", error_text());
	assert_int_equal(rc, 0);
	for (uint32_t i = 0; i < count; i++)
		assert_memory_equal(buffer + i * 512, content + (lba + i) * 512 % SIZE, 512);
	assert_int_equal(buffer[count * 512], count * 512 < SIZE ? 0xee : buffer[count * 512]);
}

static void test_size_and_reading(void **state)
{
	etag = "\"v1\"";
	open_disk();
	assert_int_equal(dev->block_size, 512);
	assert_true(dev->blocks == SIZE / 512);
	assert_true(dev->read_only);
	assert_non_null(strstr(dev->description, "http  " SERVER "/disk.img  at 192.0.2.1:3260"));
	read_right(0, 1);
	read_right(7, 100);
	assert_true(last_first == 7 * 512 && last_last == 107 * 512 - 1);
	read_right(SIZE / 512 - 1, 1);
	read_right(0, SIZE / 512 - 1);
	assert_int_equal(connections, 2); /* the probe's, and the disk's */
}

static void test_requests_side_by_side(void **state)
{
	struct block_batch batch;

	open_disk();
	block_batch_init(&batch, dev);
	for (unsigned i = 0; i < 8; i++)
		block_batch_add(&batch, BLOCK_READ, i * 20, 20, buffer + i * 20 * 512);
	assert_int_equal(block_batch_wait(&batch), 0);
	assert_memory_equal(buffer, content, 160 * 512);
	assert_true(most_pipelined > 1);
	assert_int_equal(connections, 2);
}

static void test_beyond_four_gigabytes(void **state)
{
	total = 5ull << 40;
	open_disk();
	assert_true(dev->blocks == total / 512);
	assert_true(last_last == total - 1);
	read_right((9ull << 30) + 3, 4);
	assert_true(last_first == ((9ull << 30) + 3) * 512);
}

static void test_no_ranges(void **state)
{
	status = 200;
	open_fails(E_SAN_NO_RANGES, "the server does not do byte ranges (got 200)");
}

static void test_refusals(void **state)
{
	status = 404;
	open_fails(E_HTTP_NOT_FOUND, "HTTP 404 Indeed");
	status = 416;
	open_fails(E_SAN_EMPTY, "the file is empty");
	status = 0;
	total = 100;
	open_fails(E_SAN_EMPTY, "the file has only 100 bytes");
	total = SIZE;
	shift = 1;
	open_fails(E_HTTP_RANGE, "another part");
}

static void test_redirect(void **state)
{
	assert_non_null(open_path(SERVER "/moved.img"));
	read_right(3, 5);
	assert_int_equal(asked, 4); /* redirected once, not for each part */
}

static void test_password(void **state)
{
	password = "Authorization: Basic dTpw"; /* u:p */
	assert_non_null(open_path("http://u:p@192.0.2.1:3260/disk.img"));
	assert_null(strstr(dev->description, "u:p"));
	read_right(3, 5);
	dev->ops->close(dev);
	open_fails(E_HTTP_AUTH, "HTTP 401");
}

static void test_server_closes_after_each_answer(void **state)
{
	answers_a_connection = 1;
	announce_close = true;
	open_disk();
	for (unsigned i = 0; i < 5; i++)
		read_right(i * 20, 20);
	read_right(0, 1500);
	announce_close = false;
	read_right(0, 1500);
	assert_null(strstr(host_output(), "lost"));
}

static void test_server_closes_now_and_then(void **state)
{
	open_disk();
	answers_a_connection = 3;
	for (unsigned i = 0; i < 20; i++)
		read_right(i * 20, 600);
	assert_null(strstr(host_output(), "lost"));
}

static void test_body_until_close(void **state)
{
	answers_a_connection = 1;
	no_length = true;
	open_disk();
	read_right(5, 300);
}

static void test_idle_connection_ends(void **state)
{
	open_disk();
	hang_up(TCP_FIN);
	net_poll();
	net_poll();
	read_right(1, 2);
	assert_null(strstr(host_output(), "lost"));
}

static void test_reset_in_the_middle(void **state)
{
	struct block_request request = {.op = BLOCK_READ, .lba = 1, .count = 20, .buffer = buffer};

	open_disk();
	silent = true;
	list_init(&request.link);
	dev->ops->submit(dev, &request);
	assert_int_equal(wait_until(asked == 3, clock_ms() + 5000), 0);
	say("HTTP/1.1 206 Partial Content\r\nContent-Le", 40);
	hang_up(TCP_RST);
	silent = false;
	assert_int_equal(wait_until(request.done, clock_ms() + 5000), 0);
	assert_int_equal(request.rc, 0);
	assert_memory_equal(buffer, content + 512, 20 * 512);
}

static void test_outage_is_survived(void **state)
{
	uint64_t end;
	struct block_request request = {.op = BLOCK_READ, .lba = 9, .count = 9, .buffer = buffer};

	open_disk();
	hang_up(TCP_RST);
	refuse_connections = true;
	list_init(&request.link);
	dev->ops->submit(dev, &request);
	end = clock_ms() + 60000;
	assert_int_equal(wait_until(request.done, end), E_TIMEOUT);
	assert_non_null(strstr(host_output(), "SAN: connection to " SERVER "/disk.img lost"));
	refuse_connections = false;
	end = clock_ms() + 10000;
	assert_int_equal(wait_until(request.done, end), 0);
	assert_int_equal(request.rc, 0);
	assert_memory_equal(buffer, content + 9 * 512, 9 * 512);
	assert_non_null(strstr(host_output(), "re-established"));
}

static void test_san_timeout(void **state)
{
	setting_store("san-timeout", "30", SOURCE_SCRIPT);
	open_disk();
	silent = true;
	assert_int_equal(read_blocks(0, 9), E_SAN_LOST);
	assert_non_null(strstr(error_text(), "no connection for 30 s: nothing arrived for 15 s"));
	silent = false;
	read_right(0, 9);
}

static void test_busy_server(void **state)
{
	struct block_request request = {.op = BLOCK_READ, .lba = 9, .count = 9, .buffer = buffer};

	open_disk();
	status = 503;
	list_init(&request.link);
	dev->ops->submit(dev, &request);
	assert_int_equal(wait_until(request.done, clock_ms() + 10000), E_TIMEOUT);
	status = 0;
	assert_int_equal(wait_until(request.done, clock_ms() + 10000), 0);
	assert_int_equal(request.rc, 0);
}

static void test_file_changes(void **state)
{
	etag = "\"v1\"";
	open_disk();
	read_right(0, 9);
	etag = "\"v2\"";
	assert_int_equal(read_blocks(0, 9), E_SAN_CHANGED);
	etag = "\"v1\"";
	total += 512;
	assert_int_equal(read_blocks(0, 9), E_SAN_CHANGED);
	total -= 512;
	read_right(0, 9);
	status = 404;
	assert_int_equal(read_blocks(0, 9), E_HTTP_NOT_FOUND);
	status = 200;
	assert_int_equal(read_blocks(0, 9), E_SAN_NO_RANGES);
	status = 0;
	shift = 512;
	assert_int_equal(read_blocks(0, 9), E_HTTP_RANGE);
	shift = 0;
	read_right(0, 9);
}

static void test_read_only(void **state)
{
	open_disk();
	assert_int_equal(block_run(dev, BLOCK_WRITE, 0, 1, buffer), E_SAN_READ_ONLY);
	assert_int_equal(block_run(dev, BLOCK_FLUSH, 0, 0, NULL), 0);
	assert_int_equal(block_run(dev, BLOCK_VERIFY, 0, 1, NULL), E_NOT_SUPPORTED);
}

/* Given up in the middle of a body: the rest goes nowhere, and the next one is right. */
static void test_cancel(void **state)
{
	static uint8_t place[100 * 512];
	struct block_request request = {.op = BLOCK_READ, .lba = 1, .count = 100, .buffer = place};

	open_disk();
	silent = true;
	list_init(&request.link);
	dev->ops->submit(dev, &request);
	assert_int_equal(wait_until(asked == 3, clock_ms() + 5000), 0);
	sprintf(text,
		"HTTP/1.1 206 Partial Content\r\nContent-Length: %u\r\n"
		"Content-Range: bytes 512-%u/%u\r\n\r\n",
		100 * 512, 101 * 512 - 1, SIZE);
	say(text, strlen(text));
	say(content + 512, 50 * 512);
	assert_int_equal(wait_until(!memcmp(place, content + 512, 50 * 512), clock_ms() + 5000), 0);
	dev->ops->cancel(dev, &request);
	say(content + 51 * 512, 50 * 512);
	silent = false;
	read_right(2, 3);
	assert_int_equal(place[50 * 512], 0);
	assert_false(request.done);
	assert_int_equal(connections, 2);
}

static void test_read_ahead(void **state)
{
	struct block_cache *cache;

	open_disk();
	cache = cache_create(dev, SIZE);
	for (uint32_t lba = 0; lba < SIZE / 512; lba += 4) {
		assert_int_equal(cache_read(cache, lba, 4, buffer), 0);
		assert_memory_equal(buffer, content + lba * 512, 4 * 512);
	}
	assert_true(answers < 64);
	cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_size_and_reading),
		T(test_requests_side_by_side),
		T(test_beyond_four_gigabytes),
		T(test_no_ranges),
		T(test_refusals),
		T(test_redirect),
		T(test_password),
		T(test_server_closes_after_each_answer),
		T(test_server_closes_now_and_then),
		T(test_body_until_close),
		T(test_idle_connection_ends),
		T(test_reset_in_the_middle),
		T(test_outage_is_survived),
		T(test_san_timeout),
		T(test_busy_server),
		T(test_file_changes),
		T(test_read_only),
		T(test_cancel),
		T(test_read_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
