/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read-ahead for boot loaders, which read files front to back in small calls.
 *
 * The cache is an array of lines. A line belongs to one aligned stretch of
 * LINE_BYTES on the disk and holds one run of its blocks, [from, to): the first
 * line of a stream begins where the reader stands, not at the boundary.
 *
 * A few streams are followed at once, since a loader reads a file and, between,
 * the file system's maps. A stream is a place where the next read is expected.
 * The second read that arrives there starts read-ahead, with a window of one
 * line; whenever the reader catches up with data still on its way the window
 * doubles, until the network's delay is hidden or the limit is reached. So a
 * random reader never causes a byte of read-ahead, and one on a fast network
 * causes little.
 *
 * What is not in the cache goes from the device straight into the caller's
 * buffer, submitted before any read-ahead so that it never queues behind it.
 * Data read on demand is not kept: it would push out what was read ahead.
 *
 * Requests of read-ahead complete inside net_poll() by themselves; a line looks
 * at its request only when somebody wants it. A write to blocks that are being
 * read marks the line stale: its content is dropped when it arrives.
 */
#include "san/cache.h"
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/net.h"

#define LINE_BYTES	 (64u * 1024)
#define LINES_MAX	 64u
#define LINES_MIN	 4u
#define HEAP_SHARE	 4u /* a cache takes at most this part of the largest free block */
#define STREAMS		 4u
#define POLL_INTERVAL_US 400u /* while everything is answered from memory */

struct line {
	uint64_t from, to; /* blocks held or under way; empty when equal */
	uint64_t base;	   /* the block that lies at data */
	uint8_t *data;
	struct block_request request;
	uint32_t used; /* when it was last useful, in cache->turn */
	bool loading, stale, unread;
};

struct stream {
	uint64_t next;	 /* where the reader is expected */
	uint64_t ahead;	 /* read-ahead has been asked for up to here */
	uint32_t window; /* lines to stay ahead */
	uint32_t reads;	 /* in sequence so far */
	uint32_t used;
};

struct block_cache {
	struct block_device *dev;
	struct cache_stats stats;
	uint8_t *memory;
	struct line *lines;
	unsigned line_count;
	unsigned hint; /* the line of the last hit */
	uint32_t line_blocks;
	uint32_t window_max; /* lines */
	unsigned block_shift;
	uint32_t turn;
	uint64_t polled_at;
	struct stream streams[STREAMS];
};

static size_t bytes_of(const struct block_cache *cache, uint64_t blocks)
{
	return (size_t)blocks << cache->block_shift;
}

/* ---- Lines ---- */

static void line_drop(struct block_cache *cache, struct line *line)
{
	if (line->unread)
		cache->stats.wasted_blocks += line->to - line->from;
	line->from = line->to = 0;
	line->stale = line->unread = line->loading = false;
}

/* Take note of a request that has ended. */
static void line_settle(struct block_cache *cache, struct line *line)
{
	if (!line->loading || !line->request.done)
		return;
	line->loading = false;
	if (line->request.rc)
		log_debug("san", 1, "read-ahead of %u blocks at %llu failed: %s",
			  line->request.count, (unsigned long long)line->from,
			  error_entry(line->request.rc)->meaning);
	if (line->request.rc || line->stale)
		line_drop(cache, line);
}

static bool line_holds(const struct line *line, uint64_t lba)
{
	return lba >= line->from && lba < line->to && !line->stale;
}

static struct line *line_find(struct block_cache *cache, uint64_t lba)
{
	struct line *line = &cache->lines[cache->hint];

	if (!cache->line_count || line_holds(line, lba))
		return cache->line_count ? line : NULL;
	for (unsigned i = 0; i < cache->line_count; i++) {
		if (line_holds(&cache->lines[i], lba)) {
			cache->hint = i;
			return &cache->lines[i];
		}
	}
	return NULL;
}

/* The first block after @lba, at most @end, that some line holds. */
static uint64_t next_held(const struct block_cache *cache, uint64_t lba, uint64_t end)
{
	for (unsigned i = 0; i < cache->line_count; i++) {
		const struct line *line = &cache->lines[i];

		if (line->from > lba && line->from < end && line->to > line->from && !line->stale)
			end = line->from;
	}
	return end;
}

/* The line to fill next: an empty one, else the one that was useful longest ago. */
static struct line *line_victim(struct block_cache *cache)
{
	struct line *victim = NULL;

	for (unsigned i = 0; i < cache->line_count; i++) {
		struct line *line = &cache->lines[i];

		line_settle(cache, line);
		if (line->loading)
			continue;
		if (line->from == line->to)
			return line;
		if (!victim || cache->turn - line->used > cache->turn - victim->used)
			victim = line;
	}
	if (victim)
		line_drop(cache, victim);
	return victim;
}

static bool line_load(struct block_cache *cache, uint64_t from, uint64_t to)
{
	struct line *line = line_victim(cache);

	if (!line)
		return false;
	line->base = ALIGN_DOWN(from, (uint64_t)cache->line_blocks);
	line->from = from;
	line->to = to;
	line->used = cache->turn;
	line->loading = line->unread = true;
	line->request = (struct block_request){
		.op = BLOCK_READ,
		.lba = from,
		.count = (uint32_t)(to - from),
		.buffer = line->data + bytes_of(cache, from - line->base),
	};
	list_init(&line->request.link);
	cache->stats.ahead_blocks += to - from;
	cache->dev->ops->submit(cache->dev, &line->request);
	return true;
}

/* ---- Streams ---- */

/* The stream that a read at @lba continues; a new one when none does. */
static struct stream *stream_of(struct block_cache *cache, uint64_t lba)
{
	struct stream *oldest = &cache->streams[0];

	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *s = &cache->streams[i];

		if (s->reads && lba >= s->next && lba <= s->ahead)
			return s;
		if (!s->reads ||
		    (oldest->reads && cache->turn - s->used > cache->turn - oldest->used))
			oldest = s;
	}
	*oldest = (struct stream){.next = lba, .ahead = lba, .window = 1};
	return oldest;
}

static void stream_advance(struct block_cache *cache, struct stream *s, uint64_t next)
{
	s->next = next;
	s->ahead = max(s->ahead, next);
	s->used = cache->turn;
	if (s->reads < UINT32_MAX)
		s->reads++;
}

static void stream_hurry(struct block_cache *cache, struct stream *s)
{
	s->window = min(s->window * 2, cache->window_max);
}

/* Ask for what @s will want; true when something was submitted. */
static bool read_ahead(struct block_cache *cache, struct stream *s)
{
	uint64_t step = min(cache->line_blocks, cache->dev->max_blocks ?: cache->line_blocks);
	uint64_t limit = ALIGN_UP(s->next + (uint64_t)s->window * cache->line_blocks,
				  (uint64_t)cache->line_blocks);
	uint64_t lba = s->ahead;
	bool asked = false;

	if (s->reads < 2 || !cache->window_max)
		return false;
	limit = min(limit, cache->dev->blocks);
	while (lba < limit) {
		uint64_t end = ALIGN_DOWN(lba, (uint64_t)cache->line_blocks) + cache->line_blocks;
		const struct line *line = line_find(cache, lba);

		if (line) {
			lba = line->to;
			continue;
		}
		end = min(end, limit);
		end = next_held(cache, lba, min(end, lba + step));
		if (!line_load(cache, lba, end))
			break;
		asked = true;
		lba = end;
	}
	s->ahead = max(lba, s->ahead);
	return asked;
}

/* ---- Reading ---- */

/* Copy what @line holds from @lba on; waits for it when it is under way. 0: the line has failed
 * or is gone, read on demand. */
static uint32_t copy_from_line(struct block_cache *cache, struct line *line, struct stream *s,
			       uint64_t lba, uint32_t count, uint8_t *buffer, int *rc)
{
	line_settle(cache, line);
	if (line->loading && line_holds(line, lba)) {
		stream_hurry(cache, s);
		read_ahead(cache, s);
		*rc = wait_until(line->request.done, DEADLINE_NEVER);
		if (*rc) {
			*rc = fail(*rc, "a disk read was given up from the keyboard");
			return 0;
		}
		line_settle(cache, line);
	}
	if (!line_holds(line, lba))
		return 0;
	count = (uint32_t)min((uint64_t)count, line->to - lba);
	memcpy(buffer, line->data + bytes_of(cache, lba - line->base), bytes_of(cache, count));
	line->used = cache->turn;
	line->unread = false;
	cache->stats.hit_blocks += count;
	return count;
}

/* While hits need no network, what was asked for ahead still has to come in. */
static void poll_sometimes(struct block_cache *cache, bool now_due)
{
	uint64_t now = clock_us();

	if (!now_due && now - cache->polled_at < POLL_INTERVAL_US)
		return;
	net_poll();
	cache->polled_at = now;
}

/* All of the read in one line that has arrived: the path of one sector a call. */
static bool read_hit(struct block_cache *cache, uint64_t lba, uint32_t count, void *buffer)
{
	struct line *line = line_find(cache, lba);

	if (!line)
		return false;
	line_settle(cache, line);
	if (line->loading || !line_holds(line, lba) || count > line->to - lba)
		return false;
	memcpy(buffer, line->data + bytes_of(cache, lba - line->base), bytes_of(cache, count));
	line->used = cache->turn;
	line->unread = false;
	cache->stats.hit_blocks += count;
	return true;
}

/*
 * First everything that no line holds is asked for, then read-ahead, and only
 * then anything waits. Lines may be gone by then (a failed read-ahead, a line
 * taken for another place): their blocks are read on demand after all.
 */
static int read_mixed(struct block_cache *cache, struct stream *s, uint64_t lba, uint32_t count,
		      uint8_t *buffer)
{
	struct {
		struct line *line;
		uint64_t lba;
		uint32_t count;
		uint8_t *buffer;
	} held[LINES_MAX];
	struct block_batch batch;
	unsigned held_count = 0;
	int rc = 0;

	block_batch_init(&batch, cache->dev);
	for (uint64_t at = lba, end = lba + count; at < end;) {
		struct line *line = line_find(cache, at);
		uint64_t to = line ? min(line->to, end) : next_held(cache, at, end);
		uint8_t *p = buffer + bytes_of(cache, at - lba);

		if (line) {
			held[held_count].line = line;
			held[held_count].lba = at;
			held[held_count].count = (uint32_t)(to - at);
			held[held_count++].buffer = p;
			line->used = cache->turn;
		} else {
			block_batch_add(&batch, BLOCK_READ, at, (uint32_t)(to - at), p);
			cache->stats.missed_blocks += to - at;
		}
		at = to;
	}
	stream_advance(cache, s, lba + count);
	if (!batch.rc)
		read_ahead(cache, s);
	for (unsigned i = 0; i < held_count && !rc && !batch.rc; i++) {
		uint32_t done = copy_from_line(cache, held[i].line, s, held[i].lba, held[i].count,
					       held[i].buffer, &rc);

		if (!rc && done < held[i].count)
			block_batch_add(&batch, BLOCK_READ, held[i].lba + done,
					held[i].count - done,
					held[i].buffer + bytes_of(cache, done));
	}
	return block_batch_wait(&batch) ? batch.rc : rc;
}

int cache_read(struct block_cache *cache, uint64_t lba, uint32_t count, void *buffer)
{
	/* Never more lines than held[] has places for. */
	uint32_t piece_max = cache->line_blocks * (LINES_MAX / 2);
	uint8_t *p = buffer;
	int rc = 0;

	cache->turn++;
	while (count && !rc) {
		struct stream *s = stream_of(cache, lba);
		uint32_t piece = min(count, piece_max);

		if (read_hit(cache, lba, piece, p)) {
			stream_advance(cache, s, lba + piece);
			poll_sometimes(cache, read_ahead(cache, s));
		} else {
			rc = read_mixed(cache, s, lba, piece, p);
		}
		lba += piece;
		count -= piece;
		p += bytes_of(cache, piece);
	}
	return rc;
}

/* ---- Writing ---- */

/* The blocks have (or, @written false, may have) changed on the disk. */
static void cache_changed(struct block_cache *cache, uint64_t lba, uint32_t count,
			  const uint8_t *data, bool written)
{
	uint64_t end = lba + count;

	for (unsigned i = 0; i < cache->line_count; i++) {
		struct line *line = &cache->lines[i];
		uint64_t from = max(line->from, lba), to = min(line->to, end);

		if (from >= to)
			continue;
		line_settle(cache, line);
		if (line->from == line->to)
			continue;
		if (line->loading)
			line->stale = true;
		else if (written)
			memcpy(line->data + bytes_of(cache, from - line->base),
			       data + bytes_of(cache, from - lba), bytes_of(cache, to - from));
		else
			line_drop(cache, line);
	}
}

int cache_write(struct block_cache *cache, uint64_t lba, uint32_t count, const void *buffer)
{
	struct block_batch batch;
	int rc;

	cache->turn++;
	/* Reads under way may return old or new data from here on. */
	for (unsigned i = 0; i < cache->line_count; i++) {
		struct line *line = &cache->lines[i];

		if (line->loading && line->from < lba + count && lba < line->to)
			line->stale = true;
	}
	block_batch_init(&batch, cache->dev);
	block_batch_add(&batch, BLOCK_WRITE, lba, count, (void *)(uintptr_t)buffer);
	rc = block_batch_wait(&batch);
	cache_changed(cache, lba, count, buffer, rc == 0);
	return rc;
}

/* ---- Life ---- */

/* As many lines as a fair share of the heap allows. */
static void take_memory(struct block_cache *cache)
{
	size_t largest;
	unsigned lines;

	heap_free_bytes(&largest);
	lines = (unsigned)min((size_t)LINES_MAX, largest / HEAP_SHARE / LINE_BYTES);
	for (; lines >= LINES_MIN; lines /= 2) {
		cache->lines = heap_zalloc(lines * sizeof(cache->lines[0]));
		cache->memory = heap_alloc((size_t)lines * LINE_BYTES);
		if (cache->lines && cache->memory)
			break;
		heap_free(cache->lines);
		heap_free(cache->memory);
		cache->lines = NULL;
		cache->memory = NULL;
	}
	if (!cache->lines)
		return;
	cache->line_count = lines;
	for (unsigned i = 0; i < lines; i++)
		cache->lines[i].data = cache->memory + (size_t)i * LINE_BYTES;
}

struct block_cache *cache_create(struct block_device *dev, size_t window)
{
	struct block_cache *cache = heap_zalloc(sizeof(*cache));

	if (!cache)
		return NULL;
	cache->dev = dev;
	cache->block_shift = (unsigned)__builtin_ctz(dev->block_size);
	cache->line_blocks = LINE_BYTES >> cache->block_shift;
	if (window)
		take_memory(cache);
	/* Half of the lines at most lie ahead of one reader. */
	cache->window_max = (uint32_t)min((window + LINE_BYTES - 1) / LINE_BYTES,
					  (size_t)cache->line_count / 2);
	return cache;
}

void cache_destroy(struct block_cache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; i < cache->line_count; i++) {
		struct line *line = &cache->lines[i];

		if (line->loading && !line->request.done)
			cache->dev->ops->cancel(cache->dev, &line->request);
	}
	heap_free(cache->lines);
	heap_free(cache->memory);
	heap_free(cache);
}

const struct cache_stats *cache_stats(const struct block_cache *cache)
{
	return &cache->stats;
}

size_t cache_memory(const struct block_cache *cache)
{
	return (size_t)cache->line_count * LINE_BYTES;
}
