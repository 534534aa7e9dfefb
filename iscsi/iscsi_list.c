/* SPDX-License-Identifier: BSD-2-Clause */
/* Discovery: the targets of a portal by SendTargets, RFC 7143 appendix C. */
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"

#define ANSWER_MS   15000u
#define TARGETS_MAX 1000u

/* Control characters of a stranger's text stay off the screen. */
static const char *printable(const char *text, char *buf, size_t size)
{
	text_copy(buf, size, text);
	for (char *p = buf; *p; p++)
		if (!is_print((uint8_t)*p))
			*p = '?';
	return buf;
}

static int print_targets(struct iscsi_text *text, const char *host)
{
	struct iscsi_text_reader reader;
	const char *key, *value;
	unsigned count = 0;
	char line[256];
	int rc;

	iscsi_text_begin(&reader, text);
	while ((rc = iscsi_text_next(&reader, &key, &value)) > 0) {
		if (!strcmp(key, "TargetName")) {
			if (count++ == TARGETS_MAX)
				break;
			print("%s\n", printable(value, line, sizeof(line)));
		} else if (!strcmp(key, "TargetAddress") && count) {
			print("    at %s\n", printable(value, line, sizeof(line)));
		}
	}
	if (!rc && !count)
		print("%s offers no targets to us\n", host);
	return rc < 0 ? rc : 0;
}

int iscsi_list(const char *portal)
{
	struct iscsi_path path = {0};
	struct iscsi_session *session;
	int rc = iscsi_portal_parse(portal, strlen(portal), path.host, sizeof(path.host),
				    &path.port);

	if (rc)
		return rc;
	session = iscsi_session_new(&path, true);
	if (!session)
		return E_NO_MEMORY;
	rc = iscsi_session_login(session);
	if (!rc) {
		uint64_t deadline = clock_ms() + ANSWER_MS;

		print("initiator %s (from %s)\n", session->initiator.name,
		      session->initiator.source);
		iscsi_session_send_targets(session);
		rc = wait_until(session->text_done || session->state != SESSION_FULL, deadline);
		if (rc)
			fail(rc, "%s did not list its targets", path.host);
		else if (!session->text_done)
			rc = fail(session->rc ? session->rc : E_ISCSI_LOST, "%s", session->why);
		else
			rc = print_targets(&session->text, path.host);
	}
	iscsi_session_free(session);
	return rc;
}
