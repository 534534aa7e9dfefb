/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of sequence numbers: what arrived out of order (receiving), what the
 * peer holds (the SACK scoreboard, sending).
 *
 * A sorted array: there are as many ranges as losses in one window, so rarely
 * more than a few dozen, and new ones come mostly at the end.
 */
#include "netstack/tcp_internal.h"

static void remove_at(struct tcp_ranges *set, unsigned first, unsigned n)
{
	memmove(&set->range[first], &set->range[first + n],
		(set->count - first - n) * sizeof(set->range[0]));
	set->count -= n;
}

bool tcp_ranges_add(struct tcp_ranges *set, uint32_t start, uint32_t end)
{
	unsigned first = set->count, last;

	if (!seq_lt(start, end))
		return true;
	/* [first, last): the ranges that touch the new one */
	while (first && seq_le(start, set->range[first - 1].end))
		first--;
	last = first;
	while (last < set->count && seq_le(set->range[last].start, end))
		last++;
	if (last == first) {
		if (set->count == TCP_RANGES)
			return false;
		memmove(&set->range[first + 1], &set->range[first],
			(set->count - first) * sizeof(set->range[0]));
		set->count++;
	} else {
		start = seq_min(start, set->range[first].start);
		end = seq_max(end, set->range[last - 1].end);
		remove_at(set, first, last - first - 1);
	}
	set->range[first] = (struct tcp_range){start, end, ++set->touches};
	return true;
}

void tcp_ranges_below(struct tcp_ranges *set, uint32_t seq)
{
	unsigned n = 0;

	while (n < set->count && seq_le(set->range[n].end, seq))
		n++;
	if (n)
		remove_at(set, 0, n);
	if (set->count && seq_lt(set->range[0].start, seq))
		set->range[0].start = seq;
}

void tcp_ranges_above(struct tcp_ranges *set, uint32_t seq)
{
	while (set->count && seq_le(seq, set->range[set->count - 1].start))
		set->count--;
	if (set->count && seq_lt(seq, set->range[set->count - 1].end))
		set->range[set->count - 1].end = seq;
}

uint32_t tcp_ranges_missing(const struct tcp_ranges *set, uint32_t start, uint32_t end)
{
	uint32_t missing;

	if (!seq_lt(start, end))
		return 0;
	missing = end - start;
	for (unsigned i = 0; i < set->count; i++) {
		uint32_t from = seq_max(start, set->range[i].start);
		uint32_t to = seq_min(end, set->range[i].end);

		if (seq_lt(from, to))
			missing -= to - from;
	}
	return missing;
}

uint32_t tcp_ranges_hole(const struct tcp_ranges *set, uint32_t seq, uint32_t limit, uint32_t *end)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct tcp_range *r = &set->range[i];

		if (seq_lt(seq, r->start)) {
			*end = seq_min(r->start, limit);
			return seq;
		}
		if (seq_lt(seq, r->end))
			seq = r->end;
	}
	*end = limit;
	return seq;
}
