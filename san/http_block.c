/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file on an HTTP server as a read-only disk: GETs with Range (RFC 9110
 * section 14) over one connection that is kept.
 *
 * Opening waits: a probe of one byte finds out where redirects lead, which
 * password is wanted, that the server does byte ranges, and the size. From then
 * on everything is a state machine driven from net_poll(), because reads come
 * out of somebody else's boot loader.
 *
 * Several requests are on their way at once (pipelining, RFC 9112 section
 * 9.3.2), which hides the network's delay; answers come in the same order. A
 * server that closes after each answer gets one at a time. Bodies go from TCP
 * straight to where the reader wants them.
 *
 * A connection that ends is replaced at once, then with growing pauses, and what
 * was not answered is asked for again, until nothing came for `san-timeout`.
 * Handlers that TCP calls never close the connection: they mark the disk
 * with end(), and the poller gives the connection up.
 */
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"
#include "lib/uri.h"
#include "netstack/http.h"
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "san/block.h"

#define SECTOR	       512u
#define BLOCKS_AT_ONCE 512u /* 256 KB a request at most */
#define DEPTH	       8u
#define ADDRESSES      8
#define TCP_WINDOW     (1024u * 1024u)
#define CONNECT_MS     5000u
#define SILENCE_MS     15000u /* requests are under way, and nothing comes */
#define PAUSE_SEEN_MS  2000u  /* nobody polled us for so long: the guest was busy */
#define RETRY_MAX_MS   5000u
#define WAIT_MAX_S     60u /* that a server can ask for (Retry-After) */

enum state { DOWN, CONNECTING, WORKING };

/* A request on its way. */
struct ask {
	struct block_request *request; /* NULL: cancelled, the body is thrown away */
	uint64_t first, last;	       /* bytes */
};

struct http_disk {
	struct list link;
	struct block_device dev;
	struct http_parts *parts;
	char where[112]; /* for messages */
	char card[8];
	uint32_t addresses[ADDRESSES];
	unsigned address_count, address;
	uint16_t port;
	uint64_t total; /* bytes of the file */
	char etag[128];
	uint64_t timeout_ms; /* san-timeout, 0: for ever */

	enum state state;
	struct tcp_conn *conn;
	struct list waiting;	 /* requests that were not sent */
	struct ask asked[DEPTH]; /* in order, the first is being answered */
	unsigned asked_count, depth;
	struct http_parser parser;
	uint64_t received;	    /* of the first one's body */
	unsigned answers;	    /* on this connection */
	bool placed;		    /* TCP has the body's place */
	bool dead;		    /* the poller shall give the connection up */
	int rc;			    /* why, 0: no failure */
	char why[160];		    /* of the last failure */
	uint64_t heard_at, poll_at; /* last sign of life; last turn */
	uint64_t lost_at;	    /* first failure since the last answer, 0: none */
	uint64_t retry_at;
	uint32_t wait_ms; /* the server's wish */
	unsigned failures;
	bool lost_shown;
	uint32_t requests, reconnects;
};

static struct list disks = LIST_INIT(disks);

static struct http_disk *disk_of(struct block_device *dev)
{
	return container_of(dev, struct http_disk, dev);
}

/* ---- Requests' ends ---- */

static void finish(struct block_request *request, int rc)
{
	request->rc = rc;
	request->done = true;
}

/* TCP must not write to a place that is no longer ours. */
static void unplace(struct http_disk *disk)
{
	if (disk->placed)
		tcp_direct(disk->conn, NULL, 0);
	disk->placed = false;
}

static void fail_all(struct http_disk *disk, int rc)
{
	struct block_request *request;

	unplace(disk);
	for (unsigned i = 0; i < disk->asked_count; i++) {
		if (disk->asked[i].request)
			finish(disk->asked[i].request, rc);
		disk->asked[i].request = NULL;
	}
	while ((request = list_first(&disk->waiting, struct block_request, link))) {
		list_remove(&request->link);
		finish(request, rc);
	}
}

/* The connection is of no use any more. @rc 0: no failure, go on with another at once. */
static void end(struct http_disk *disk, int rc)
{
	if (disk->dead)
		return;
	disk->dead = true;
	disk->rc = rc;
	if (rc)
		text_copy(disk->why, sizeof(disk->why), error_sentence(rc));
	log_debug("http", 1, "disk connection ends: %s", rc ? disk->why : "no failure");
}

/* ---- Responses ---- */

static int range_error(const struct ask *ask)
{
	return fail(E_HTTP_RANGE, "asked for bytes %llu to %llu, the server sent another part",
		    (unsigned long long)ask->first, (unsigned long long)ask->last);
}

static int check_part(const struct http_disk *disk, const struct http_response *r)
{
	const struct ask *ask = &disk->asked[0];

	if ((r->has_range && r->range_total != HTTP_UNKNOWN && r->range_total != disk->total) ||
	    strcmp(r->etag, disk->etag) != 0)
		return fail(E_SAN_CHANGED, "%s has changed on the server", disk->where);
	if (!r->has_range || r->range_first != ask->first || r->range_last != ask->last ||
	    (!r->chunked && r->length != HTTP_UNKNOWN && r->length != ask->last - ask->first + 1))
		return range_error(ask);
	return 0;
}

/* An answer that is no part of the file: does asking again help? */
static int refused(struct http_disk *disk, const struct http_response *r)
{
	bool final = true;
	int rc;

	if (r->status / 100 == 2)
		rc = fail(E_SAN_NO_RANGES, "the server does not do byte ranges any more (got %u)",
			  r->status);
	else
		rc = http_parts_refused(disk->parts, r, &final);
	if (final)
		fail_all(disk, rc);
	else if (r->status == 429 || r->status == 503)
		disk->wait_ms = min(r->retry_after, WAIT_MAX_S) * 1000;
	end(disk, final ? 0 : rc);
	return E_HTTP_STATUS;
}

static int on_header(struct http_parser *parser)
{
	struct http_disk *disk = parser->ctx;
	const struct http_response *r = &parser->response;
	int rc;

	disk->received = 0;
	if (r->status != 206)
		return refused(disk, r);
	rc = check_part(disk, r);
	if (!rc)
		return 0;
	fail_all(disk, rc);
	end(disk, 0);
	return rc;
}

static int on_body(struct http_parser *parser, const uint8_t *data, size_t len)
{
	struct http_disk *disk = parser->ctx;
	const struct ask *ask = &disk->asked[0];
	uint8_t *place;

	if (len > ask->last - ask->first + 1 - disk->received)
		return range_error(ask);
	if (ask->request) {
		place = (uint8_t *)ask->request->buffer + disk->received;
		if (place != data)
			memcpy(place, data, len);
	}
	disk->received += len;
	return 0;
}

/* The first of those asked has its answer. */
static void answered(struct http_disk *disk)
{
	struct ask ask = disk->asked[0];

	if (disk->received != ask.last - ask.first + 1) {
		end(disk, range_error(&ask));
		return;
	}
	disk->asked_count--;
	memmove(&disk->asked[0], &disk->asked[1], disk->asked_count * sizeof(ask));
	if (disk->lost_shown)
		print("SAN: connection to %s re-established\n", disk->where);
	disk->lost_shown = false;
	disk->lost_at = 0;
	disk->failures = 0;
	disk->wait_ms = 0;
	disk->answers++;
	http_parts_accepted(disk->parts);
	if (ask.request)
		finish(ask.request, 0);
	if (disk->parser.response.keep_alive)
		return;
	if (disk->answers == 1)
		disk->depth = 1;
	end(disk, 0);
}

static void place_body(struct http_disk *disk)
{
	const struct ask *ask = &disk->asked[0];

	if (disk->placed && disk->parser.state != HTTP_IN_BODY)
		unplace(disk);
	else if (!disk->placed && disk->parser.state == HTTP_IN_BODY && ask->request) {
		disk->placed = true;
		tcp_direct(disk->conn, (uint8_t *)ask->request->buffer + disk->received,
			   disk->parser.left);
	}
}

static void on_receive(struct tcp_conn *tcp, const uint8_t *data, size_t len)
{
	struct http_disk *disk = tcp_ctx(tcp);
	struct http_parser *parser = &disk->parser;

	disk->heard_at = clock_ms();
	while (len && !disk->dead) {
		size_t used;

		if (!disk->asked_count) { /* nobody has asked: a farewell */
			end(disk, 0);
			return;
		}
		used = http_parser_feed(parser, data, len);
		data += used;
		len -= used;
		if (parser->state == HTTP_BROKEN) {
			end(disk, parser->rc);
		} else if (parser->state == HTTP_COMPLETE) {
			unplace(disk);
			answered(disk);
			http_parser_start(parser, false);
		}
	}
	if (!disk->dead)
		place_body(disk);
}

static void on_closed(struct tcp_conn *tcp, int rc)
{
	struct http_disk *disk = tcp_ctx(tcp);

	if (!rc && disk->parser.state == HTTP_IN_CLOSE_BODY && !disk->dead) {
		http_parser_end(&disk->parser);
		answered(disk);
	}
	if (disk->state == WORKING && !disk->asked_count)
		rc = 0; /* an idle connection: the server need not keep it */
	else if (!rc)
		rc = fail(E_HTTP_SHORT, "the server closed the connection");
	end(disk, rc);
}

static const struct tcp_handlers handlers = {.receive = on_receive, .closed = on_closed};

/* ---- Connections ---- */

static bool has_work(const struct http_disk *disk)
{
	return disk->asked_count || !list_empty(&disk->waiting);
}

static void plan_retry(struct http_disk *disk, uint64_t now)
{
	uint32_t pause = 0;

	if (!disk->lost_at)
		disk->lost_at = now;
	if (disk->failures)
		pause = disk->failures > 3 ? RETRY_MAX_MS : 500u << disk->failures;
	if (disk->failures == 1 && !disk->lost_shown) {
		print("SAN: connection to %s lost, retrying: %s\n", disk->where, disk->why);
		disk->lost_shown = true;
	}
	disk->failures++;
	disk->address = (disk->address + 1) % disk->address_count;
	disk->retry_at = now + max(pause, disk->wait_ms);
}

/* What was asked for and not answered goes back to the front, in its order. */
static void requeue(struct http_disk *disk)
{
	while (disk->asked_count) {
		struct block_request *request = disk->asked[--disk->asked_count].request;

		if (request)
			list_insert_after(&disk->waiting, &request->link);
	}
}

static void end_connection(struct http_disk *disk, uint64_t now)
{
	if (disk->conn) {
		unplace(disk);
		tcp_abort(disk->conn);
	}
	disk->conn = NULL;
	disk->dead = false;
	disk->state = DOWN;
	http_parser_free(&disk->parser);
	requeue(disk);
	if (disk->rc)
		plan_retry(disk, now);
	else
		disk->retry_at = now;
}

static void connect_disk(struct http_disk *disk, uint64_t now)
{
	struct tcp_options options = {
		.window = TCP_WINDOW,
		.connect_ms = CONNECT_MS,
		.timeout_ms = SILENCE_MS,
		.keepalive = true,
	};

	disk->state = CONNECTING;
	disk->answers = 0;
	disk->reconnects++;
	disk->parser.header = on_header;
	disk->parser.body = on_body;
	disk->parser.ctx = disk;
	http_parser_start(&disk->parser, false);
	disk->conn =
		tcp_connect(disk->addresses[disk->address], disk->port, &handlers, disk, &options);
	if (!disk->conn)
		end(disk, error_code());
}

static void send_waiting(struct http_disk *disk, uint64_t now)
{
	struct block_request *request;

	while (disk->asked_count < disk->depth && !disk->dead &&
	       (request = list_first(&disk->waiting, struct block_request, link))) {
		uint64_t first = request->lba * SECTOR;
		struct ask *ask = &disk->asked[disk->asked_count];
		int rc;

		*ask = (struct ask){request, first, first + request->count * SECTOR - 1};
		rc = http_parts_ask(disk->parts, disk->conn, ask->first, ask->last);
		if (rc) {
			end(disk, rc);
			return;
		}
		if (!disk->asked_count)
			disk->heard_at = now;
		list_remove(&request->link);
		disk->asked_count++;
		disk->requests++;
	}
}

static void expire(struct http_disk *disk, uint64_t now)
{
	if (!disk->timeout_ms || !disk->lost_at || !has_work(disk) ||
	    now - disk->lost_at < disk->timeout_ms)
		return;
	fail_all(disk, fail(E_SAN_LOST, "%s: no connection for %u s: %s", disk->where,
			    (unsigned)(disk->timeout_ms / 1000), disk->why));
	disk->lost_at = 0;
	disk->lost_shown = false;
}

/* Time in which nobody polled us does not count against the server. */
static void account_pause(struct http_disk *disk, uint64_t now)
{
	uint64_t gap = now - disk->poll_at;

	disk->poll_at = now;
	if (gap <= PAUSE_SEEN_MS)
		return;
	disk->heard_at += gap;
	if (disk->lost_at)
		disk->lost_at += gap;
}

static void poll_disk(struct http_disk *disk)
{
	uint64_t now = clock_ms();

	account_pause(disk, now);
	if (disk->state == CONNECTING && !disk->dead && tcp_is_connected(disk->conn))
		disk->state = WORKING;
	if (disk->state == WORKING && disk->asked_count && now - disk->heard_at > SILENCE_MS)
		end(disk, fail(E_FETCH_STALLED, "nothing arrived for %u s", SILENCE_MS / 1000));
	if (disk->dead)
		end_connection(disk, now);
	expire(disk, now);
	if (disk->state == WORKING)
		send_waiting(disk, now);
	else if (disk->state == DOWN && has_work(disk) && now >= disk->retry_at)
		connect_disk(disk, now);
}

static void poll_disks(void)
{
	struct http_disk *disk, *next;

	list_for_each_safe(disk, next, &disks, link)
		poll_disk(disk);
}

TABLE_ENTRY(net_poller, http_disk_poller) = {.poll = poll_disks};

/* ---- The block device ---- */

static void block_submit(struct block_device *dev, struct block_request *request)
{
	struct http_disk *disk = disk_of(dev);

	switch (request->op) {
	case BLOCK_READ:
		list_append(&disk->waiting, &request->link);
		break;
	case BLOCK_FLUSH:
		finish(request, 0);
		break;
	case BLOCK_WRITE:
		finish(request,
		       fail(E_SAN_READ_ONLY, "%s: a disk over HTTP is read-only", disk->where));
		break;
	default:
		finish(request, E_NOT_SUPPORTED);
	}
}

static void block_cancel(struct block_device *dev, struct block_request *request)
{
	struct http_disk *disk = disk_of(dev);

	for (unsigned i = 0; i < disk->asked_count; i++) {
		if (disk->asked[i].request != request)
			continue;
		if (!i)
			unplace(disk);
		disk->asked[i].request = NULL;
		return;
	}
	list_remove(&request->link);
}

static void block_describe(struct block_device *dev, struct ibft_params *params)
{
	const struct nic *nic = nic_find(disk_of(dev)->card);

	memset(params, 0, sizeof(*params));
	if (nic)
		memcpy(params->nic.mac, nic->mac, sizeof(params->nic.mac));
}

static void block_report(struct block_device *dev)
{
	static const char *const states[] = {
		[DOWN] = "no connection",
		[CONNECTING] = "connecting",
		[WORKING] = "connected",
	};
	const struct http_disk *disk = disk_of(dev);

	print("  http: %s, %u requests, %u connections, %u requests in flight\n",
	      states[disk->state], (unsigned)disk->requests, (unsigned)disk->reconnects,
	      disk->asked_count);
	if (disk->why[0])
		print("  last failure: %s\n", disk->why);
}

static void disk_free(struct http_disk *disk)
{
	list_remove(&disk->link);
	if (disk->conn) {
		unplace(disk);
		if (disk->asked_count || disk->dead)
			tcp_abort(disk->conn);
		else
			tcp_close(disk->conn);
	}
	http_parser_free(&disk->parser);
	http_parts_free(disk->parts);
	heap_free(disk);
}

static void block_close(struct block_device *dev)
{
	disk_free(disk_of(dev));
}

static const struct block_ops http_block_ops = {
	.submit = block_submit,
	.cancel = block_cancel,
	.describe = block_describe,
	.report = block_report,
	.close = block_close,
};

/* ---- Opening ---- */

/* The answer to a request for the first byte. */
static int look(struct http_request *request, const struct http_response *r)
{
	struct http_disk *disk = request->ctx;

	if (r->status == 200 || (r->status == 206 && !r->has_range)) {
		request->final = true;
		return fail(E_SAN_NO_RANGES, "the server does not do byte ranges (got %u)",
			    r->status);
	}
	if (r->status == 416) {
		request->final = true;
		return fail(E_SAN_EMPTY, "the file is empty (got 416)");
	}
	if (r->status != 206)
		return http_status_error(request, r);
	if (r->range_first != 0 || r->range_last != 0 || r->range_total == HTTP_UNKNOWN)
		return fail(E_HTTP_RANGE,
			    "asked for the first byte, the server sent another part, or does not "
			    "tell the size");
	disk->total = r->range_total;
	text_copy(disk->etag, sizeof(disk->etag), r->etag);
	return 0;
}

static int resolve(struct http_disk *disk, const struct uri *uri)
{
	int count = dns_resolve(uri->host, disk->addresses, ADDRESSES);
	uint32_t next_hop;
	struct netif *netif;

	if (count <= 0)
		return count ? count : fail(E_HTTP_ADDRESS, "%s has no address", uri->host);
	disk->address_count = (unsigned)count;
	disk->port = uri->port ? uri->port : HTTP_PORT;
	netif = netif_route(disk->addresses[0], &next_hop);
	text_copy(disk->card, sizeof(disk->card), netif ? netif->nic->name : "");
	disk->timeout_ms = block_timeout_ms(disk->card);
	return 0;
}

/* Size, and where the file is at last. */
static int probe(struct http_disk *disk, const struct uri *uri)
{
	struct http_request request = {.uri = uri, .range = true, .header = look, .ctx = disk};
	int rc = http_run(&request);

	if (!rc) {
		disk->parts = http_parts_new(&request);
		rc = disk->parts ? resolve(disk, request.final_uri)
				 : fail(E_NO_MEMORY, "no memory for a disk");
	}
	http_request_free(&request);
	return rc;
}

static int make_device(struct http_disk *disk)
{
	struct block_device *dev = &disk->dev;

	dev->ops = &http_block_ops;
	dev->priv = disk;
	dev->block_size = SECTOR;
	dev->blocks = disk->total / SECTOR;
	dev->max_blocks = BLOCKS_AT_ONCE;
	dev->read_only = true;
	format(dev->description, sizeof(dev->description), "http  %s  at " IPV4_FMT ":%u",
	       disk->where, IPV4_ARG(disk->addresses[0]), (unsigned)disk->port);
	if (!dev->blocks)
		return fail(E_SAN_EMPTY, "the file has only %u bytes, less than a sector",
			    (unsigned)disk->total);
	if (disk->total % SECTOR)
		print("%s: the last %u bytes make no whole sector and cannot be read\n",
		      disk->where, (unsigned)(disk->total % SECTOR));
	return 0;
}

/* A server that has the first byte need not have the last: proxies are known to cut. */
static int try_last_sector(struct http_disk *disk)
{
	uint8_t sector[SECTOR];

	return block_run(&disk->dev, BLOCK_READ, disk->dev.blocks - 1, 1, sector);
}

static struct block_device *open_uri(const struct uri *uri)
{
	struct http_disk *disk = heap_zalloc(sizeof(*disk));
	int rc;

	if (!disk) {
		fail(E_NO_MEMORY, "no memory for a disk");
		return NULL;
	}
	list_init(&disk->waiting);
	disk->depth = DEPTH;
	disk->poll_at = clock_ms();
	list_append(&disks, &disk->link);
	uri_redacted(uri, disk->where, sizeof(disk->where));
	rc = probe(disk, uri);
	if (!rc)
		rc = make_device(disk);
	if (!rc)
		rc = try_last_sector(disk);
	if (!rc)
		return &disk->dev;
	fail_context(rc, "%s", disk->where);
	disk_free(disk);
	return NULL;
}

static struct block_device *http_open(const char *root_path)
{
	struct uri *uri = uri_parse(root_path);
	struct block_device *dev = uri ? open_uri(uri) : NULL;

	uri_free(uri);
	return dev;
}

TABLE_ENTRY(san_scheme, scheme_http_disk) = {.name = "http", .open = http_open};
