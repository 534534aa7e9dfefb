/* SPDX-License-Identifier: BSD-2-Clause */
/* CHAP responses: hash(id, secret, challenge), RFC 1994 section 4.1 and RFC 7143 section 12.1.3. */
#include <bearssl.h>
#include "iscsi/iscsi.h"

static const br_hash_class *chap_hash(unsigned algorithm)
{
	switch (algorithm) {
	case CHAP_MD5:
		return &br_md5_vtable;
	case CHAP_SHA1:
		return &br_sha1_vtable;
	case CHAP_SHA256:
		return &br_sha256_vtable;
	default:
		return NULL;
	}
}

size_t chap_response(unsigned algorithm, uint8_t id, const char *secret, const void *challenge,
		     size_t len, uint8_t out[CHAP_RESPONSE_MAX])
{
	const br_hash_class *hash = chap_hash(algorithm);
	br_hash_compat_context context;

	if (!hash)
		return 0;
	hash->init(&context.vtable);
	hash->update(&context.vtable, &id, 1);
	hash->update(&context.vtable, secret, strlen(secret));
	hash->update(&context.vtable, challenge, len);
	hash->out(&context.vtable, out);
	return hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}
