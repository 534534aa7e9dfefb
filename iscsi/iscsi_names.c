/* SPDX-License-Identifier: BSD-2-Clause */
/* Who we are: the initiator's name and its secrets, from the settings of one card. */
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define NAME_PREFIX "iqn.2010-04.org.ipxe:"

/* What Windows and other initiators accept for secrets that they find in the iBFT. */
#define SECRET_MIN 12
#define SECRET_MAX 16

static const char *source_text(const char *setting)
{
	static struct setting_value value;

	if (setting_fetch(setting, &value))
		return "initiator-iqn";
	switch (value.source) {
	case SOURCE_CMDLINE:
		return "initiator-iqn, command line";
	case SOURCE_DHCP:
		return "initiator-iqn, DHCP";
	default:
		return "initiator-iqn";
	}
}

static int check_name(const struct iscsi_initiator *initiator)
{
	size_t len = strlen(initiator->name);

	if (len > ISCSI_NAME_MAX)
		return fail(E_ISCSI_INITIATOR,
			    "initiator name (from %s) is %u characters long; iSCSI allows 223",
			    initiator->source, (unsigned)len);
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)initiator->name[i] <= ' ' || initiator->name[i] == 0x7f)
			return fail(E_ISCSI_INITIATOR,
				    "initiator name \"%s\" (from %s) contains blanks or control "
				    "characters",
				    initiator->name, initiator->source);
	return 0;
}

int iscsi_initiator_name(const char *scope, struct iscsi_initiator *initiator)
{
	static const char *const sources[] = {"hostname", "uuid", "mac:hexhyp"};
	char setting[48], value[300];

	memset(initiator, 0, sizeof(*initiator));
	if (setting_text(scope, "initiator-iqn", value, sizeof(value))) {
		format(setting, sizeof(setting), "%s%sinitiator-iqn", scope, *scope ? "/" : "");
		format(initiator->name, sizeof(initiator->name), "%s", value);
		initiator->source = source_text(setting);
		return check_name(initiator);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!setting_text(scope, sources[i], value, sizeof(value)))
			continue;
		format(initiator->name, sizeof(initiator->name), NAME_PREFIX "%s", value);
		initiator->source = text_starts(sources[i], "mac") ? "mac" : sources[i];
		return check_name(initiator);
	}
	return fail(E_ISCSI_INITIATOR,
		    "no initiator name: initiator-iqn, hostname, uuid and mac are all unset");
}

static int get_secret(const char *scope, const char *name, char *buf, size_t size)
{
	char value[300];

	setting_text(scope, name, value, sizeof(value));
	if (!text_copy(buf, size, value))
		return fail(E_ISCSI_SECRETS, "%s is longer than %u characters", name,
			    (unsigned)size - 1);
	return 0;
}

int iscsi_auth_settings(const char *scope, struct iscsi_auth *auth)
{
	int rc;

	memset(auth, 0, sizeof(*auth));
	if ((rc = get_secret(scope, "username", auth->username, sizeof(auth->username))) ||
	    (rc = get_secret(scope, "password", auth->password, sizeof(auth->password))) ||
	    (rc = get_secret(scope, "reverse-username", auth->reverse_username,
			     sizeof(auth->reverse_username))) ||
	    (rc = get_secret(scope, "reverse-password", auth->reverse_password,
			     sizeof(auth->reverse_password))))
		return rc;
	if (!auth->reverse_username[0] && !auth->reverse_password[0])
		return 0;
	if (!auth->reverse_password[0])
		return fail(E_ISCSI_SECRETS,
			    "reverse-username is set, but reverse-password is not");
	if (!auth->username[0] || !auth->password[0])
		return fail(E_ISCSI_SECRETS,
			    "reverse-password is set, but username or password is not");
	return 0;
}

static void warn_length(const char *name, const char *secret)
{
	size_t len = strlen(secret);

	if (len && (len < SECRET_MIN || len > SECRET_MAX))
		print("iSCSI: warning: %s has %u characters; Windows and others accept %u to %u\n",
		      name, (unsigned)len, SECRET_MIN, SECRET_MAX);
}

void iscsi_auth_warn(const struct iscsi_auth *auth)
{
	warn_length("password", auth->password);
	warn_length("reverse-password", auth->reverse_password);
	if (auth->reverse_password[0] && !strcmp(auth->password, auth->reverse_password))
		print("iSCSI: warning: password and reverse-password are the same; most initiators "
		      "and targets refuse that\n");
}
