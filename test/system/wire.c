/*
 * wire - a bad network cable between QEMU's `-netdev dgram` and a tap.
 *
 *	wire TAP OWN_SOCKET QEMU_SOCKET [name=value]...
 *
 * Frames travel as unix datagrams on QEMU's side and as tap reads and writes on
 * the other. Faults are set by name=value, on the command line and later as lines
 * on standard input; each applies to both directions:
 *
 *	loss=PERCENT	frames dropped
 *	dup=PERCENT	frames sent twice
 *	reorder=PERCENT	frames held back until others have passed them
 *	delay=MS	one-way delay
 *	cut=0|1		everything dropped while 1
 *	seed=N		start of the random sequence
 *
 * A line `stats` prints the counters. The program ends when standard input ends.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX  2048
#define QUEUE_MAX  16384
#define BURST	   64
#define REORDER_US 3000

struct frame {
	uint64_t due;	/* when it leaves, in microseconds */
	uint64_t order; /* frames due at the same time keep their order */
	int len;
	uint8_t data[FRAME_MAX];
};

/* One direction: a binary heap of the frames under way, the next one first. */
struct lane {
	struct frame *heap[QUEUE_MAX];
	int count;
	unsigned long passed, dropped;
};

static double loss, dup_rate, reorder, delay_ms;
static int cut;
static uint64_t random_state = 1;
static uint64_t next_order;

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* True with the given probability (xorshift: the same seed, the same faults). */
static int chance(double percent)
{
	if (percent <= 0)
		return 0;
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) * (100.0 / 9007199254740992.0) < percent;
}

static int before(const struct frame *a, const struct frame *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void push(struct lane *lane, const uint8_t *data, int len, uint64_t due)
{
	struct frame *frame;
	int at;

	if (lane->count == QUEUE_MAX) {
		lane->dropped++;
		return;
	}
	frame = malloc(sizeof(*frame));
	if (!frame)
		abort();
	frame->due = due;
	frame->order = next_order++;
	frame->len = len;
	memcpy(frame->data, data, len);
	for (at = lane->count++; at > 0; at = (at - 1) / 2) {
		if (!before(frame, lane->heap[(at - 1) / 2]))
			break;
		lane->heap[at] = lane->heap[(at - 1) / 2];
	}
	lane->heap[at] = frame;
}

static struct frame *pop(struct lane *lane)
{
	struct frame *first = lane->heap[0];
	struct frame *last = lane->heap[--lane->count];
	int at = 0, child;

	while ((child = 2 * at + 1) < lane->count) {
		if (child + 1 < lane->count && before(lane->heap[child + 1], lane->heap[child]))
			child++;
		if (!before(lane->heap[child], last))
			break;
		lane->heap[at] = lane->heap[child];
		at = child;
	}
	lane->heap[at] = last;
	return first;
}

/* Takes what has arrived on a side and decides its fate. */
static void receive(int fd, struct lane *lane)
{
	uint8_t data[FRAME_MAX];
	uint64_t now = now_us();
	int burst, len;

	for (burst = 0; burst < BURST; burst++) {
		uint64_t due = now + (uint64_t)(delay_ms * 1000);

		len = read(fd, data, sizeof(data));
		if (len <= 0)
			return;
		if (cut || chance(loss)) {
			lane->dropped++;
			continue;
		}
		if (chance(reorder))
			due += REORDER_US;
		push(lane, data, len, due);
		if (chance(dup_rate))
			push(lane, data, len, due);
	}
}

/* Lets the frames go whose time has come. */
static void release(int fd, struct lane *lane)
{
	uint64_t now = now_us();

	while (lane->count && lane->heap[0]->due <= now) {
		struct frame *frame = lane->heap[0];

		/* A full socket holds frames back; a missing peer loses them. */
		if (write(fd, frame->data, frame->len) < 0) {
			if (errno == EAGAIN || errno == ENOBUFS)
				return;
			lane->dropped++;
		} else {
			lane->passed++;
		}
		free(pop(lane));
	}
}

static int configure(const char *text)
{
	char name[16];
	double value;

	if (sscanf(text, "%15[a-z]=%lf", name, &value) != 2)
		return -1;
	if (!strcmp(name, "loss"))
		loss = value;
	else if (!strcmp(name, "dup"))
		dup_rate = value;
	else if (!strcmp(name, "reorder"))
		reorder = value;
	else if (!strcmp(name, "delay"))
		delay_ms = value;
	else if (!strcmp(name, "cut"))
		cut = value != 0;
	else if (!strcmp(name, "seed"))
		random_state = (uint64_t)value * 2654435761u + 1;
	else
		return -1;
	return 0;
}

static int open_tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static int open_socket(const char *own, struct sockaddr_un *peer, const char *peer_path)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int size = 4 << 20;

	snprintf(local.sun_path, sizeof(local.sun_path), "%s", own);
	peer->sun_family = AF_UNIX;
	snprintf(peer->sun_path, sizeof(peer->sun_path), "%s", peer_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0) {
		perror(own);
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

/* How long poll() may sleep: to the next frame, or for ever (-1). */
static int patience(const struct lane *a, const struct lane *b)
{
	uint64_t now = now_us(), due = UINT64_MAX;

	if (a->count)
		due = a->heap[0]->due;
	if (b->count && b->heap[0]->due < due)
		due = b->heap[0]->due;
	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 1 : (int)((due - now + 999) / 1000);
}

int main(int argc, char **argv)
{
	static struct lane to_guest, to_host;
	struct sockaddr_un guest = {0};
	struct pollfd fds[3];
	char line[80];
	int tap, sock, i, connected = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: wire TAP OWN_SOCKET QEMU_SOCKET [name=value]...\n");
		return 2;
	}
	for (i = 4; i < argc; i++) {
		if (configure(argv[i])) {
			fprintf(stderr, "wire: %s?\n", argv[i]);
			return 2;
		}
	}
	tap = open_tap(argv[1]);
	sock = open_socket(argv[2], &guest, argv[3]);
	printf("ready\n");
	fflush(stdout);

	for (;;) {
		fds[0] = (struct pollfd){.fd = 0, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = tap, .events = POLLIN};
		fds[2] = (struct pollfd){.fd = sock, .events = POLLIN};
		poll(fds, 3, patience(&to_guest, &to_host));
		if (fds[0].revents) {
			if (!fgets(line, sizeof(line), stdin))
				return 0;
			if (!strncmp(line, "stats", 5))
				printf("to-guest %lu/%lu to-host %lu/%lu\n", to_guest.passed,
				       to_guest.dropped, to_host.passed, to_host.dropped);
			else
				printf(configure(line) ? "bad\n" : "ok\n");
			fflush(stdout);
		}
		if (fds[1].revents)
			receive(tap, &to_guest);
		if (fds[2].revents)
			receive(sock, &to_host);
		/* QEMU's socket appears some time after ours. */
		if (!connected)
			connected = !connect(sock, (struct sockaddr *)&guest, sizeof(guest));
		release(sock, &to_guest);
		release(tap, &to_host);
	}
}
