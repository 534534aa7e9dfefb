/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver: IPv4 addresses of a name (RFC 1035).
 *
 * Every server of the dns setting is asked at once, and the first useful answer
 * counts, so that one dead server costs nothing. The query's id and port are
 * random. Answers are used at once and never kept.
 */
#include "netstack/net.h"
#include "netstack/dns.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"

#define DNS_PORT      53
#define SERVERS_MAX   4
#define FIRST_WAIT    1000u /* doubles with each try */
#define TRIES	      4	    /* 1 + 2 + 4 + 8 s */
#define NEGATIVE_WAIT 1000u /* after a "no": for the other servers */
#define REQUERIES_MAX 8	    /* aliases that need a question of their own */

struct lookup {
	struct udp_socket socket;
	uint32_t servers[SERVERS_MAX];
	bool answered[SERVERS_MAX]; /* with anything but addresses */
	unsigned server_count;
	uint16_t id;
	uint8_t wire[DNS_NAME_MAX + 1];
	uint32_t *addresses;
	unsigned max;
	struct dns_answer answer; /* the useful one, or the last of the others */
	bool useful;
	uint64_t deadline; /* of the current try */
};

/* ---- Answers ---- */

static bool all_answered(const struct lookup *l)
{
	for (unsigned i = 0; i < l->server_count; i++) {
		if (!l->answered[i])
			return false;
	}
	return true;
}

static unsigned server_index(const struct lookup *l, uint32_t address)
{
	unsigned i = 0;

	while (i < l->server_count && l->servers[i] != address)
		i++;
	return i;
}

static void give_up_on(struct lookup *l, unsigned server)
{
	l->answered[server] = true;
	l->deadline = min(l->deadline, clock_ms() + NEGATIVE_WAIT);
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	struct lookup *l = socket->ctx;
	unsigned server = server_index(l, source);
	struct dns_answer answer;

	if (l->useful || source_port != DNS_PORT || server == l->server_count)
		return;
	dns_parse(data, len, l->id, l->wire, l->addresses, l->max, &answer);
	if (answer.verdict == DNS_NOT_OURS)
		return;
	/* "It does not exist" says more than "I cannot tell". */
	if (l->answer.verdict != DNS_NO_SUCH || answer.verdict != DNS_FAILED)
		l->answer = answer;
	l->useful = answer.verdict == DNS_ADDRESSES || answer.verdict == DNS_ALIAS;
	if (!l->useful)
		give_up_on(l, server);
}

static void unreachable(struct udp_socket *socket, uint32_t dest, uint16_t port, int code)
{
	struct lookup *l = socket->ctx;
	unsigned server = server_index(l, dest);

	if (server < l->server_count)
		give_up_on(l, server);
}

/* ---- One question ---- */

static int send_all(struct lookup *l)
{
	uint8_t query[DNS_QUERY_MAX];
	size_t len = dns_build_query(query, l->id, l->wire);
	int rc = 0, failed = 0;

	for (unsigned i = 0; i < l->server_count; i++) {
		int sent = l->answered[i]
				   ? 0
				   : udp_send(&l->socket, l->servers[i], DNS_PORT, query, len);

		if (sent) {
			l->answered[i] = true;
			failed++;
			rc = sent;
		}
	}
	return failed == (int)l->server_count ? rc : 0;
}

/* Ask for l->wire until a server answers usefully, all said no, or patience ends. */
static int ask(struct lookup *l)
{
	int rc = 0;

	l->useful = false;
	l->answer.verdict = DNS_NOT_OURS;
	l->id = (uint16_t)random_u32();
	memset(l->answered, 0, sizeof(l->answered));
	for (unsigned i = 0; i < TRIES; i++) {
		rc = send_all(l);
		if (rc)
			return rc;
		l->deadline = clock_ms() + (FIRST_WAIT << i);
		do
			rc = wait_turn(l->deadline);
		while (!rc && !l->useful && !all_answered(l));
		if (l->useful)
			return 0;
		if (rc == E_CANCELLED)
			return rc;
		if (all_answered(l) || l->answer.verdict != DNS_NOT_OURS)
			return 0;
	}
	return 0;
}

static void describe_servers(const struct lookup *l, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < l->server_count; i++)
		format_append(text, size, "%s" IPV4_FMT, i ? " and " : "", IPV4_ARG(l->servers[i]));
}

static int report(const struct lookup *l, const char *name)
{
	char servers[80];

	describe_servers(l, servers, sizeof(servers));
	switch (l->answer.verdict) {
	case DNS_NO_SUCH:
		return fail(E_DNS_NOT_FOUND, "no address for %s: DNS server %s %s", name, servers,
			    l->answer.rcode ? "says that the name does not exist"
					    : "knows the name, but no IPv4 address of it");
	case DNS_FAILED:
		/* A server that could not find out may be able to later; one that refuses, or does
		 * not understand, stays with that. */
		if (l->answer.rcode == DNS_SERVFAIL)
			return fail(E_DNS_FAILED,
				    "no address for %s: DNS server %s could not find out (code %u)",
				    name, servers, DNS_SERVFAIL);
		return fail(E_DNS_REFUSED, "no address for %s: DNS server %s refused (code %u)",
			    name, servers, l->answer.rcode);
	default:
		return fail(E_DNS_NO_ANSWER, "no address for %s: no answer from DNS server %s",
			    name, servers);
	}
}

/* Addresses of the full name @name: their number, or an error. */
static int resolve_full(struct lookup *l, const char *name)
{
	int rc;

	if (!dns_encode_name(name, l->wire))
		return fail(E_DNS_NAME, "%s is not a host name", name);
	for (unsigned i = 0; i < REQUERIES_MAX; i++) {
		rc = ask(l);
		if (rc)
			return fail_context(rc, "looking up %s", name);
		if (!l->useful)
			return report(l, name);
		if (l->answer.verdict == DNS_ADDRESSES)
			return (int)l->answer.count;
		memcpy(l->wire, l->answer.alias, sizeof(l->wire));
	}
	return fail(E_DNS_LOOP, "%s is an alias that leads nowhere", name);
}

/* ---- Names ---- */

static void find_servers(struct lookup *l)
{
	static struct setting_value value;

	if (setting_fetch("dns", &value))
		return;
	for (size_t i = 0; i + 4 <= value.len && l->server_count < SERVERS_MAX; i += 4) {
		uint32_t server = get_be32(value.raw + i);

		if (server && server_index(l, server) == l->server_count)
			l->servers[l->server_count++] = server;
	}
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (text[len] && text[len] != ' ' && text[len] != ',')
		len++;
	return len;
}

/* A name without a dot is tried in each domain of the search list, then as it is. */
static int resolve_short(struct lookup *l, const char *name)
{
	char list[512], full[DNS_NAME_MAX + 2];
	char *domain = list;
	int rc;

	if (!setting_text("", "dnssl", list, sizeof(list)))
		setting_text("", "domain", list, sizeof(list));
	while (*domain) {
		size_t len = word_len(domain);

		if (len) {
			format(full, sizeof(full), "%s.%.*s", name, (int)len, domain);
			rc = resolve_full(l, full);
			if (rc != E_DNS_NOT_FOUND)
				return rc;
		}
		domain += len + (domain[len] != '\0');
	}
	return resolve_full(l, name);
}

int dns_resolve(const char *name, uint32_t *addresses, unsigned max)
{
	static struct lookup lookup; /* large; a lookup never runs inside another */
	char trimmed[DNS_NAME_MAX + 1];
	size_t len;
	int rc;

	if (text_to_ipv4(name, addresses))
		return 1;
	if (!text_copy(trimmed, sizeof(trimmed), name) || !*name)
		return fail(E_DNS_NAME, "\"%s\" is not a host name", name);
	memset(&lookup, 0, sizeof(lookup));
	lookup.addresses = addresses;
	lookup.max = max;
	find_servers(&lookup);
	if (!lookup.server_count)
		return fail(E_DNS_NO_SERVER,
			    "cannot look up %s: no DNS server is known; set dns ADDRESS", name);
	rc = udp_open(&lookup.socket, 0, NULL, receive, &lookup);
	if (rc)
		return rc;
	lookup.socket.unreachable = unreachable;
	len = strlen(trimmed);
	if (trimmed[len - 1] == '.')
		trimmed[len - 1] = '\0';
	if (strchr(name, '.'))
		rc = resolve_full(&lookup, trimmed);
	else
		rc = resolve_short(&lookup, trimmed);
	udp_close(&lookup.socket);
	if (rc > 0)
		log_debug("dns", 1, "%s is " IPV4_FMT, name, IPV4_ARG(addresses[0]));
	return rc;
}
