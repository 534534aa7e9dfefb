/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login phase, RFC 7143 sections 6.3, 12 and 13, as a function from the
 * target's answer to our next request; iscsi_conn.c moves the PDUs.
 *
 *	security	names and AuthMethod  ->  [CHAP_A  ->  CHAP_N CHAP_R [CHAP_I CHAP_C]]
 *	operational	all parameters in one request
 *
 * The T bit (ready for the next stage) is set only on the request after which we
 * have nothing of the stage left to say: with CHAP the one that carries CHAP_R.
 * Targets take an earlier T as a wish to skip what would follow. Whether the
 * target agrees at once or one round later, with mutual CHAP the stage is left
 * only after it has proved itself.
 */
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/random.h"
#include "lib/text.h"

#define LENGTH_MIN	  512u /* of segments and bursts, RFC 7143 section 13 */
#define LENGTH_MAX	  16777215u
#define UNKNOWN_KEYS_MAX  32
#define OUR_CHALLENGE_LEN 16u

/*
 * The target takes the first that it knows. MD5 leads because RFC 7143 makes it the
 * one that everybody has, and because several targets (tgt, IET) were made when 7
 * meant SHA-1: with 7 in front they choose it, and then nobody can log in.
 */
#define CHAP_ALGORITHMS "5,6,7"

static bool have_credentials(const struct iscsi_login *login)
{
	return login->auth->username[0] && login->auth->password[0];
}

static bool want_proof(const struct iscsi_login *login)
{
	return login->auth->reverse_password[0];
}

static int protocol(const char *what)
{
	return fail(E_ISCSI_PROTOCOL, "iSCSI login: the target %s", what);
}

/* ---- Requests ---- */

int iscsi_login_start(struct iscsi_login *login)
{
	struct iscsi_text *out = &login->out;
	const char *methods = !have_credentials(login) ? "None"
			      : want_proof(login)      ? "CHAP"
						       : "CHAP,None";
	int rc;

	login->params = (struct iscsi_params){
		.initial_r2t = true,
		.immediate_data = true,
		.max_burst = 262144,
		.first_burst = 65536,
		.max_send = ISCSI_TEXT_SEGMENT,
	};
	login->stage = STAGE_SECURITY;
	login->step = LOGIN_METHOD;
	login->transit = !have_credentials(login);
	login->target_proven = false;
	login->chap_type = 0;
	login->algorithm = 0;
	login->method[0] = login->redirect[0] = '\0';
	login->unknown_keys = 0;
	iscsi_text_clear(out);
	rc = iscsi_text_add(out, "InitiatorName", login->initiator);
	if (!rc && login->target)
		rc = iscsi_text_add(out, "TargetName", login->target);
	if (!rc)
		rc = iscsi_text_add(out, "SessionType", login->target ? "Normal" : "Discovery");
	return rc ? rc : iscsi_text_add(out, "AuthMethod", methods);
}

static int offer_parameters(struct iscsi_login *login)
{
	static const char *const digests[] = {
		[DIGEST_TARGET] = "None,CRC32C",
		[DIGEST_CRC32C] = "CRC32C,None",
		[DIGEST_NONE] = "None",
	};
	const struct {
		const char *key, *text;
		uint32_t number;
		bool normal_only; /* means nothing in a discovery session */
	} offers[] = {
		{"HeaderDigest", digests[login->digest], 0, false},
		{"DataDigest", digests[login->digest], 0, false},
		{"ErrorRecoveryLevel", NULL, 0, false},
		{"DefaultTime2Wait", NULL, 0, false},
		{"DefaultTime2Retain", NULL, 0, false},
		{"MaxRecvDataSegmentLength", NULL, ISCSI_RECV_SEGMENT, false},
		{"MaxConnections", NULL, 1, true},
		{"InitialR2T", "No", 0, true},
		{"ImmediateData", "Yes", 0, true},
		{"MaxBurstLength", NULL, ISCSI_MAX_BURST, true},
		{"FirstBurstLength", NULL, ISCSI_FIRST_BURST, true},
		{"MaxOutstandingR2T", NULL, 1, true},
		{"DataPDUInOrder", "Yes", 0, true},
		{"DataSequenceInOrder", "Yes", 0, true},
	};
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(offers) && !rc; i++) {
		if (offers[i].normal_only && !login->target)
			continue;
		rc = offers[i].text
			     ? iscsi_text_add(&login->out, offers[i].key, offers[i].text)
			     : iscsi_text_add_number(&login->out, offers[i].key, offers[i].number);
	}
	login->stage = STAGE_OPERATIONAL;
	login->transit = true;
	return rc;
}

/* ---- Keys of the target's answer ---- */

static int bad_value(const char *key, const char *value)
{
	return fail(E_ISCSI_NEGOTIATION, "iSCSI login: the target answered %s=%.60s", key, value);
}

static int take_bool(const char *key, const char *value, bool *result)
{
	*result = !strcmp(value, "Yes");
	return *result || !strcmp(value, "No") ? 0 : bad_value(key, value);
}

static int take_length(const char *key, const char *value, uint32_t *result)
{
	if (!text_to_u32(value, 0, LENGTH_MAX, result) || *result < LENGTH_MIN)
		return bad_value(key, value);
	return 0;
}

static int take_digest(struct iscsi_login *login, const char *key, const char *value, bool *result)
{
	*result = !strcmp(value, "CRC32C");
	if ((*result && login->digest != DIGEST_NONE) || !strcmp(value, "None"))
		return 0;
	return bad_value(key, value);
}

static int take_in_order(const char *key, const char *value)
{
	bool in_order;
	int rc = take_bool(key, value, &in_order);

	return rc || in_order ? rc : bad_value(key, value);
}

static int operational_key(struct iscsi_login *login, const char *key, const char *value,
			   bool *known)
{
	struct iscsi_params *params = &login->params;
	uint32_t length = 0;
	int rc;

	*known = true;
	if (!strcmp(key, "HeaderDigest"))
		return take_digest(login, key, value, &params->header_digest);
	if (!strcmp(key, "DataDigest"))
		return take_digest(login, key, value, &params->data_digest);
	if (!strcmp(key, "InitialR2T"))
		return take_bool(key, value, &params->initial_r2t);
	if (!strcmp(key, "ImmediateData"))
		return take_bool(key, value, &params->immediate_data);
	if (!strcmp(key, "DataPDUInOrder") || !strcmp(key, "DataSequenceInOrder"))
		return take_in_order(key, value);
	if (!strcmp(key, "MaxRecvDataSegmentLength"))
		return take_length(key, value, &params->max_send);
	if (!strcmp(key, "MaxBurstLength")) {
		rc = take_length(key, value, &length);
		params->max_burst = min(length, ISCSI_MAX_BURST);
		return rc;
	}
	if (!strcmp(key, "FirstBurstLength")) {
		rc = take_length(key, value, &length);
		params->first_burst = min(length, ISCSI_FIRST_BURST);
		return rc;
	}
	if (!strcmp(key, "ErrorRecoveryLevel") || !strcmp(key, "MaxConnections") ||
	    !strcmp(key, "MaxOutstandingR2T") || !strcmp(key, "DefaultTime2Retain") ||
	    !strcmp(key, "DefaultTime2Wait"))
		return 0; /* ours is the smallest and counts; times mean nothing at level 0 */
	*known = false;
	return 0;
}

static int chap_key(struct iscsi_login *login, const char *key, const char *value)
{
	uint32_t number;
	long len;

	if (!strcmp(key, "CHAP_A")) {
		if (!text_to_u32(value, 0, 255, &number))
			return bad_value(key, value);
		login->algorithm = number;
	} else if (!strcmp(key, "CHAP_I")) {
		if (!text_to_u32(value, 0, 255, &number))
			return bad_value(key, value);
		login->id = (uint8_t)number;
		login->have_id = true;
	} else if (!strcmp(key, "CHAP_C")) {
		len = iscsi_binary_decode(value, login->challenge, sizeof(login->challenge));
		if (len <= 0)
			return fail(E_ISCSI_CHAP, "the target's CHAP challenge is malformed");
		login->challenge_len = (size_t)len;
	} else if (!strcmp(key, "CHAP_N")) {
		login->have_name = text_copy(login->chap_name, sizeof(login->chap_name), value);
	} else if (!strcmp(key, "CHAP_R")) {
		len = iscsi_binary_decode(value, login->response, sizeof(login->response));
		if (len <= 0)
			return fail(E_ISCSI_CHAP, "the target's CHAP response is malformed");
		login->response_len = (size_t)len;
	} else {
		return bad_value(key, value);
	}
	return 0;
}

static bool is_declaration(const char *key)
{
	return !strcmp(key, "TargetAlias") || !strcmp(key, "TargetName") ||
	       !strcmp(key, "TargetPortalGroupTag");
}

static int take_key(struct iscsi_login *login, const char *key, const char *value)
{
	bool known;
	int rc;

	if (is_declaration(key))
		return 0;
	if (!strcmp(key, "TargetAddress")) {
		text_copy(login->redirect, sizeof(login->redirect), value);
		return 0;
	}
	if (!strcmp(value, "Reject"))
		return bad_value(key, value);
	if (!strcmp(value, "NotUnderstood") || !strcmp(value, "Irrelevant"))
		return 0; /* RFC 7143 section 6.2: the key's default stays */
	if (login->stage == STAGE_SECURITY && !strcmp(key, "AuthMethod"))
		return text_copy(login->method, sizeof(login->method), value)
			       ? 0
			       : bad_value(key, value);
	if (login->stage == STAGE_SECURITY && text_starts(key, "CHAP_"))
		return chap_key(login, key, value);
	rc = operational_key(login, key, value, &known);
	if (rc || known)
		return rc;
	if (login->unknown_keys++ == UNKNOWN_KEYS_MAX)
		return protocol("offered too many unknown keys");
	return iscsi_text_add(&login->out, key, "NotUnderstood");
}

static int take_text(struct iscsi_login *login, struct iscsi_text *text)
{
	struct iscsi_text_reader reader;
	const char *key, *value;
	int rc;

	iscsi_text_begin(&reader, text);
	while ((rc = iscsi_text_next(&reader, &key, &value)) > 0)
		if ((rc = take_key(login, key, value)))
			return rc;
	return rc;
}

int iscsi_login_redirect(struct iscsi_login *login, struct iscsi_text *text)
{
	struct iscsi_text_reader reader;
	const char *key, *value;
	int rc;

	login->redirect[0] = '\0';
	iscsi_text_begin(&reader, text);
	while ((rc = iscsi_text_next(&reader, &key, &value)) > 0)
		if (!strcmp(key, "TargetAddress") &&
		    !text_copy(login->redirect, sizeof(login->redirect), value))
			return fail(E_ISCSI_REDIRECT,
				    "the target redirects to an address that is too long");
	if (!rc && !login->redirect[0])
		rc = fail(E_ISCSI_REDIRECT, "the target redirects, but does not say where");
	return rc;
}

/* ---- The security stage, step by step ---- */

static int unproven(const struct iscsi_login *login, const char *what)
{
	return fail(E_ISCSI_TARGET_UNPROVEN, "target %s %s",
		    login->target ? login->target : "(discovery)", what);
}

/* The last request of the stage went, or goes now; on to the parameters when the target agrees. */
static int leave_security(struct iscsi_login *login, bool agreed)
{
	if (agreed)
		return offer_parameters(login);
	login->step = LOGIN_LEAVE;
	login->transit = true;
	return 0;
}

static int step_method(struct iscsi_login *login, bool agreed)
{
	if (!strcmp(login->method, "CHAP")) {
		if (!have_credentials(login))
			return protocol("chose CHAP, which was not offered");
		login->step = LOGIN_ALGORITHM;
		return iscsi_text_add(&login->out, "CHAP_A", CHAP_ALGORITHMS);
	}
	/* A target that needs no authentication may leave the key out. */
	if (login->method[0] && strcmp(login->method, "None") != 0)
		return bad_value("AuthMethod", login->method);
	if (want_proof(login))
		return unproven(login, "does not want to authenticate itself");
	return leave_security(login, agreed);
}

static int step_algorithm(struct iscsi_login *login)
{
	const struct iscsi_auth *auth = login->auth;
	uint8_t response[CHAP_RESPONSE_MAX];
	size_t len;
	int rc;

	if (!login->algorithm || !login->have_id || !login->challenge_len)
		return fail(E_ISCSI_CHAP, "the target sent no complete CHAP challenge");
	len = chap_response(login->algorithm, login->id, auth->password, login->challenge,
			    login->challenge_len, response);
	if (!len)
		return fail(E_ISCSI_CHAP,
			    "the target chose CHAP algorithm %u, which was not offered",
			    login->algorithm);
	rc = iscsi_text_add(&login->out, "CHAP_N", auth->username);
	if (!rc)
		rc = iscsi_text_add_binary(&login->out, "CHAP_R", response, len);
	login->step = LOGIN_RESPONSE;
	login->chap_type = 1;
	login->transit = true; /* nothing is left to say from our side */
	if (rc || !want_proof(login))
		return rc;
	random_bytes(&login->our_id, 1);
	random_bytes(login->our_challenge, OUR_CHALLENGE_LEN);
	rc = iscsi_text_add_number(&login->out, "CHAP_I", login->our_id);
	return rc ? rc
		  : iscsi_text_add_binary(&login->out, "CHAP_C", login->our_challenge,
					  OUR_CHALLENGE_LEN);
}

static int step_response(struct iscsi_login *login, bool agreed)
{
	const struct iscsi_auth *auth = login->auth;
	uint8_t expected[CHAP_RESPONSE_MAX];
	uint8_t difference = 0;
	size_t len;

	if (!want_proof(login))
		return leave_security(login, agreed);
	if (!login->have_name || !login->response_len)
		return unproven(login, "did not answer our CHAP challenge");
	if (auth->reverse_username[0] && strcmp(auth->reverse_username, login->chap_name) != 0)
		return fail(E_ISCSI_TARGET_UNPROVEN,
			    "target %s calls itself \"%.60s\", not \"%s\" (reverse-username)",
			    login->target ? login->target : "(discovery)", login->chap_name,
			    auth->reverse_username);
	len = chap_response(login->algorithm, login->our_id, auth->reverse_password,
			    login->our_challenge, OUR_CHALLENGE_LEN, expected);
	for (size_t i = 0; i < len; i++)
		difference |= expected[i] ^ login->response[i];
	if (!len || len != login->response_len || difference)
		return unproven(login, "does not know the secret in reverse-password");
	login->target_proven = true;
	login->chap_type = 2;
	return leave_security(login, agreed);
}

static int security_step(struct iscsi_login *login, bool agreed)
{
	switch (login->step) {
	case LOGIN_METHOD:
		return step_method(login, agreed);
	case LOGIN_ALGORITHM:
		return step_algorithm(login);
	case LOGIN_RESPONSE:
		return step_response(login, agreed);
	default:
		return leave_security(login, agreed);
	}
}

/* Bursts may not contradict each other, RFC 7143 section 13.14. */
static void settle(struct iscsi_params *params)
{
	params->first_burst = min(params->first_burst, params->max_burst);
}

int iscsi_login_answer(struct iscsi_login *login, uint8_t flags, struct iscsi_text *text)
{
	enum iscsi_stage current = flags >> 2 & 3, next = flags & 3;
	bool agreed = flags & FLAG_FINAL;
	bool asked = login->transit;
	int rc;

	if (current != login->stage)
		return protocol("is in another stage of the login than we");
	if (agreed && !asked)
		return protocol("left the login stage before we were ready");
	if (agreed && next != (current == STAGE_SECURITY ? STAGE_OPERATIONAL : STAGE_FULL))
		return protocol("jumped to another login stage than we asked for");
	iscsi_text_clear(&login->out);
	login->have_id = login->have_name = false;
	login->response_len = login->challenge_len = 0;
	rc = take_text(login, text);
	if (rc)
		return rc;
	if (current == STAGE_SECURITY) {
		login->transit = false;
		rc = security_step(login, agreed);
		return rc ? rc : LOGIN_MORE;
	}
	if (!agreed)
		return LOGIN_MORE;
	settle(&login->params);
	return LOGIN_DONE;
}

void iscsi_login_free(struct iscsi_login *login)
{
	iscsi_text_free(&login->out);
}

/* ---- Refusals in words ---- */

int iscsi_login_failure(uint16_t status, const char *initiator, const char *target,
			const struct iscsi_auth *auth)
{
	const char *name = target ? target : "(discovery)";

	switch (status) {
	case 0x0200:
		return fail(E_ISCSI_LOGIN_0200, "target %s found an error in our login", name);
	case 0x0201:
		if (!auth->username[0] || !auth->password[0])
			return fail(
				E_ISCSI_LOGIN_0201,
				"target %s wants a user name and a password from %s; set username "
				"and password",
				name, initiator);
		return fail(
			E_ISCSI_LOGIN_0201,
			"target %s did not accept user \"%s\" with this password from %s; check "
			"username and password%s",
			name, auth->username, initiator,
			auth->reverse_password[0]
				? ", and that the target can authenticate itself (reverse-password)"
				: "");
	case 0x0202:
		return fail(
			E_ISCSI_LOGIN_0202,
			"target refused initiator %s: add it to the target's list; initiator-iqn "
			"sets another name",
			initiator);
	case 0x0203:
		return fail(E_ISCSI_LOGIN_0203, "target %s not found, or not visible to %s", name,
			    initiator);
	case 0x0204:
		return fail(E_ISCSI_LOGIN_0204, "target %s was removed", name);
	case 0x0205:
		return fail(E_ISCSI_LOGIN_0205, "target %s does not speak version 0 of iSCSI",
			    name);
	case 0x0206:
		return fail(E_ISCSI_LOGIN_0206, "target %s allows no more connections", name);
	case 0x0207:
		return fail(E_ISCSI_LOGIN_0207, "target %s misses a login parameter", name);
	case 0x0208:
		return fail(E_ISCSI_LOGIN_0208, "target %s cannot include us in a session", name);
	case 0x0209:
		return fail(E_ISCSI_LOGIN_0209, "target %s does not support this type of session",
			    name);
	case 0x020a:
		return fail(E_ISCSI_LOGIN_0210, "target %s knows no such session", name);
	case 0x020b:
		return fail(E_ISCSI_LOGIN_0211, "target %s found our login out of place", name);
	case 0x0300:
		return fail(E_ISCSI_LOGIN_0300, "target %s has an internal error", name);
	case 0x0301:
		return fail(E_ISCSI_LOGIN_0301, "target %s is not available now", name);
	case 0x0302:
		return fail(E_ISCSI_LOGIN_0302, "target %s is out of resources", name);
	default:
		return fail(E_ISCSI_LOGIN_OTHER, "target %s refused the login with status 0x%04x",
			    name, status);
	}
}
