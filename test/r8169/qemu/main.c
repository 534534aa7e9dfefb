/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs QEMU with cards of the RTL8169 model:
 *
 *	r8169 --card CHIP,mac=M,tap=T[,addr=A][,left=STATE+STATE…][,trace]… -- qemu…
 *
 * The guest's memory must be shared (memory-backend-memfd,share=on). What the
 * cards have to say goes to standard error; a driver's mistake is a line with
 * the word MISTAKE. SIGUSR1 pulls the cables of all cards, SIGUSR2 plugs them in
 * again. Ends with QEMU, and with its status.
 */
#include "test/r8169/qemu/interrupts.h"
#include "test/r8169/qemu/link.h"
#include "test/r8169/rtl8169.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CARDS	       24
#define FRAME_BYTES    16384
#define FRAMES_AT_ONCE 16
#define INTERRUPT_LINE 0x3c
#define AN_MS	       50
#define RESET_READS    2
#define FIXED	       3 /* files to poll besides those of the cards */

struct card {
	char chip[16], tap[IFNAMSIZ], addr[16];
	struct rtl *nic;
	struct guest_memory memory;
	int link, qemu_link; /* our end of the link and QEMU's */
	int cable;
	bool intx;
	bool from_processor; /* what is served now, a processor of the guest waits for */
};

static struct card cards[CARDS];
static unsigned card_count;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* ---- What the model calls ---- */

static int dma_read(void *ctx, uint64_t address, void *buf, size_t len)
{
	const struct card *card = ctx;
	const uint8_t *p = guest_memory_at(&card->memory, address, len);

	if (!p)
		return -1;
	memcpy(buf, p, len);
	return 0;
}

static int dma_write(void *ctx, uint64_t address, const void *buf, size_t len)
{
	const struct card *card = ctx;
	uint8_t *p = guest_memory_at(&card->memory, address, len);

	if (!p)
		return -1;
	memcpy(p, buf, len);
	return 0;
}

static void transmit(void *ctx, const uint8_t *frame, size_t len)
{
	const struct card *card = ctx;

	if (write(card->cable, frame, len) < 0 && errno != EAGAIN && errno != EIO)
		perror(card->tap);
}

/* Cards share lines: a line is high while any of its cards wants it. */
static void update_line(const struct card *card)
{
	unsigned line = rtl_cfg_read(card->nic, INTERRUPT_LINE, 1), i;
	bool level = false;

	for (i = 0; i < card_count; i++)
		if (cards[i].nic && cards[i].intx &&
		    rtl_cfg_read(cards[i].nic, INTERRUPT_LINE, 1) == line)
			level = true;
	interrupts_line(line, level, card->from_processor);
}

static void intx(void *ctx, int level)
{
	struct card *card = ctx;

	card->intx = level;
	if (card->nic)
		update_line(card);
}

static void msi(void *ctx, uint64_t address, uint32_t data)
{
	interrupts_message(address, data);
}

static void say(void *ctx, int is_mistake, const char *text)
{
	const struct card *card = ctx;

	fprintf(stderr, "%s %s: %s%s\n", card->tap, card->chip, is_mistake ? "MISTAKE: " : "",
		text);
}

/* ---- The command line ---- */

static uint32_t left_states(char *names)
{
	static const char *const known[] = {"armed", "d3",     "phy-off", "phy-page", "oob",
					    "gated", "10mbit", "only-10", "wol",      "unlocked",
					    "irq",   "vlan",   "loopback"};
	char *rest = NULL, *name;
	uint32_t left = 0;
	unsigned i;

	for (name = strtok_r(names, "+", &rest); name; name = strtok_r(NULL, "+", &rest)) {
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strcmp(name, known[i]) == 0)
				break;
		if (i == sizeof(known) / sizeof(known[0])) {
			fprintf(stderr, "r8169: no state %s\n", name);
			exit(2);
		}
		left |= 1u << i;
	}
	return left;
}

static void add_card(char *text)
{
	static const struct rtl_ops ops = {NULL, dma_read, dma_write, transmit, intx, msi, say};
	struct card *card = &cards[card_count];
	struct rtl_opts o = {.an_ms = AN_MS, .reset_reads = RESET_READS};
	struct rtl_ops own = ops;
	char *rest = NULL, *part = strtok_r(text, ",", &rest);
	uint8_t *m = o.mac;
	bool has_mac = false;

	if (card_count == CARDS || !part)
		exit(2);
	snprintf(card->chip, sizeof(card->chip), "%s", part);
	while ((part = strtok_r(NULL, ",", &rest))) {
		if (strncmp(part, "mac=", 4) == 0)
			has_mac = sscanf(part + 4, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1],
					 &m[2], &m[3], &m[4], &m[5]) == 6;
		else if (strncmp(part, "tap=", 4) == 0)
			snprintf(card->tap, sizeof(card->tap), "%s", part + 4);
		else if (strncmp(part, "addr=", 5) == 0)
			snprintf(card->addr, sizeof(card->addr), "%s", part + 5);
		else if (strncmp(part, "left=", 5) == 0)
			o.left = left_states(part + 5);
		else if (strcmp(part, "trace") == 0)
			o.trace = 1;
		else {
			fprintf(stderr, "r8169: no option %s\n", part);
			exit(2);
		}
	}
	if (!has_mac || !*card->tap) {
		fprintf(stderr, "r8169: a card needs mac= and tap=\n");
		exit(2);
	}
	o.chip = card->chip;
	own.ctx = card;
	card_count++;
	card->nic = rtl_new(&o, &own);
	if (!card->nic) {
		fprintf(stderr, "r8169: no chip %s; there are: %s\n", card->chip, rtl_chip_list());
		exit(2);
	}
	rtl_probe_phase(card->nic, 1);
}

static int open_tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

/* Two ends of a socket; QEMU's, the second, survives exec in a child that asks for it. */
static void connect_ends(int *ours, int *theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		perror("socketpair");
		exit(1);
	}
	*ours = pair[0];
	*theirs = pair[1];
}

/* ---- QEMU ---- */

struct arguments {
	char **list;
	unsigned count, room;
};

static void add_argument(struct arguments *a, const char *text)
{
	if (a->count + 2 > a->room) {
		a->room = a->room * 2 + 64;
		a->list = realloc(a->list, a->room * sizeof(*a->list));
		if (!a->list)
			exit(1);
	}
	a->list[a->count++] = strdup(text);
	a->list[a->count] = NULL;
}

static void add_option(struct arguments *a, const char *option, const char *format, int fd)
{
	char value[256];

	snprintf(value, sizeof(value), format, fd);
	add_argument(a, option);
	add_argument(a, value);
}

/* The signals that move the cables, as a file to poll. */
static int open_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigprocmask(SIG_BLOCK, set, NULL);
	return signalfd(-1, set, SFD_CLOEXEC);
}

static void move_cables(int signals)
{
	struct signalfd_siginfo info;
	unsigned i;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	for (i = 0; i < card_count; i++)
		rtl_cable(cards[i].nic, info.ssi_signo == SIGUSR2, now_ms());
}

static pid_t start_qemu(char **argv, int qtest, int qmp, const sigset_t *blocked)
{
	struct arguments a = {0};
	unsigned i;
	pid_t child;

	while (*argv)
		add_argument(&a, *argv++);
	for (i = 0; i < card_count; i++) {
		char value[256];

		snprintf(value, sizeof(value), "x-pci-proxy-dev,id=r8169-%u,fd=%d%s%s", i,
			 cards[i].qemu_link, *cards[i].addr ? ",addr=" : "", cards[i].addr);
		add_argument(&a, "-device");
		add_argument(&a, value);
	}
	add_option(&a, "-chardev", "socket,id=r8169-qtest,fd=%d", qtest);
	add_argument(&a, "-object");
	add_argument(&a, "qtest,id=r8169-qtest0,chardev=r8169-qtest,log=none");
	add_option(&a, "-chardev", "socket,id=r8169-qmp,fd=%d", qmp);
	add_argument(&a, "-mon");
	add_argument(&a, "chardev=r8169-qmp,mode=control");

	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_UNBLOCK, blocked, NULL);
		for (i = 0; i < card_count; i++)
			fcntl(cards[i].qemu_link, F_SETFD, 0);
		fcntl(qtest, F_SETFD, 0);
		fcntl(qmp, F_SETFD, 0);
		execvp(a.list[0], a.list);
		perror(a.list[0]);
		_exit(127);
	}
	close(qtest);
	close(qmp);
	for (i = 0; i < card_count; i++)
		close(cards[i].qemu_link);
	return child;
}

/* ---- Serving it ---- */

static uint64_t serve_bar(struct card *card, const struct link_message *m)
{
	uint64_t value = 0;

	card->from_processor = true;
	if (m->command == LINK_BAR_READ)
		value = rtl_bus_read(card->nic, m->bar.memory, m->bar.address, m->bar.size);
	else
		rtl_bus_write(card->nic, m->bar.memory, m->bar.address, m->bar.value, m->bar.size);
	card->from_processor = false;
	return value;
}

/* One request of QEMU's; false when the link has ended. */
static bool serve(struct card *card)
{
	struct link_message m;
	uint64_t value = 0;
	unsigned i;

	if (!link_receive(card->link, &m))
		return false;
	switch (m.command) {
	case LINK_MEMORY:
		guest_memory_update(&card->memory, &m);
		return true;
	case LINK_INTERRUPT:
		for (i = 0; i < m.files; i++)
			close(m.file[i]);
		return true;
	case LINK_RESET:
		rtl_probe_phase(card->nic, 0);
		rtl_pci_reset(card->nic);
		break;
	case LINK_CONFIG_READ:
		value = rtl_cfg_read(card->nic, m.config.address, (unsigned)m.config.size);
		break;
	case LINK_CONFIG_WRITE:
		rtl_cfg_write(card->nic, m.config.address, m.config.value, (unsigned)m.config.size);
		break;
	case LINK_BAR_READ:
	case LINK_BAR_WRITE:
		value = serve_bar(card, &m);
		break;
	default:
		fprintf(stderr, "r8169: QEMU sent command %u\n", m.command);
		return false;
	}
	return link_answer(card->link, value);
}

static void take_frames(struct card *card)
{
	uint8_t frame[FRAME_BYTES];
	unsigned i;

	for (i = 0; i < FRAMES_AT_ONCE && rtl_fifo_room(card->nic); i++) {
		ssize_t n = read(card->cable, frame, sizeof(frame));

		if (n <= 0)
			return;
		rtl_frame_in(card->nic, frame, (size_t)n);
	}
}

/* Let time pass for all cards; ms until one of them wants to be asked again, -1: never. Most turns
 * serve a register access and take far less than a millisecond. */
static int tick(void)
{
	static uint64_t before;
	uint64_t now = now_ms();
	int wait = -1;
	unsigned i;

	if (now == before)
		return 1;
	before = now;
	for (i = 0; i < card_count; i++) {
		int ms = rtl_tick(cards[i].nic, now);

		if (ms >= 0 && (wait < 0 || ms < wait))
			wait = ms;
	}
	return wait;
}

static void run(int qtest, int qmp, int signals)
{
	for (;;) {
		struct pollfd fixed[] = {
			{qtest, POLLIN, 0}, {qmp, POLLIN, 0}, {signals, POLLIN, 0}};
		struct pollfd p[FIXED + 2 * CARDS];
		unsigned i;

		memcpy(p, fixed, sizeof(fixed));
		for (i = 0; i < card_count; i++) {
			p[FIXED + 2 * i] = (struct pollfd){cards[i].link, POLLIN, 0};
			/* A full FIFO holds the sender up, as flow control does. */
			p[FIXED + 1 + 2 * i] = (struct pollfd){
				rtl_fifo_room(cards[i].nic) ? cards[i].cable : -1, POLLIN, 0};
		}
		if (poll(p, FIXED + 2 * card_count, tick()) < 0 && errno != EINTR)
			return;
		for (i = 0; i < card_count; i++) {
			if (p[FIXED + 2 * i].revents && !serve(&cards[i]))
				return;
			if (p[FIXED + 1 + 2 * i].revents)
				take_frames(&cards[i]);
		}
		if (p[0].revents)
			interrupts_qtest_input();
		if (p[1].revents)
			interrupts_qmp_input();
		if (p[2].revents)
			move_cables(signals);
	}
}

static void say_counters(void)
{
	char text[512];
	unsigned i;

	for (i = 0; i < card_count; i++) {
		rtl_stats(cards[i].nic, text, sizeof(text));
		say(&cards[i], 0, text);
	}
}

int main(int argc, char **argv)
{
	int qtest, qmp, qemu_qtest, qemu_qmp, signals, status = 0, i;
	sigset_t blocked;
	unsigned n;
	pid_t qemu;

	for (i = 1; i + 1 < argc && strcmp(argv[i], "--card") == 0; i += 2)
		add_card(argv[i + 1]);
	if (!card_count || i + 1 >= argc || strcmp(argv[i], "--") != 0) {
		fprintf(stderr,
			"usage: r8169 --card CHIP,mac=…,tap=…[,…] … -- qemu-system-x86_64 …\n");
		return 2;
	}
	for (n = 0; n < card_count; n++) {
		cards[n].cable = open_tap(cards[n].tap);
		connect_ends(&cards[n].link, &cards[n].qemu_link);
	}
	connect_ends(&qtest, &qemu_qtest);
	connect_ends(&qmp, &qemu_qmp);
	interrupts_start(qtest, qmp);
	signals = open_signals(&blocked);
	qemu = start_qemu(argv + i + 1, qemu_qtest, qemu_qmp, &blocked);
	if (qemu < 0) {
		perror("fork");
		return 1;
	}
	run(qtest, qmp, signals);
	waitpid(qemu, &status, 0);
	say_counters();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
