/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's side of a login. The first byte chooses credentials; then come
 * answers, each a flags byte, a length byte and so much text.
 */
#include <stdlib.h>
#include "iscsi/iscsi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct iscsi_auth auths[3] = {
		[1] = {.username = "joe", .password = "secret"},
		[2] = {.username = "joe", .password = "secret", .reverse_password = "other"},
	};
	static struct iscsi_login login;
	struct iscsi_text answer = {0};
	int rc = 0;

	if (!size)
		return 0;
	login.initiator = "iqn.me";
	login.target = data[0] & 4 ? NULL : "iqn.you";
	login.auth = &auths[data[0] % 3];
	login.digest = data[0] >> 3 & 1;
	iscsi_login_start(&login);
	data++;
	size--;
	while (size >= 2 && !rc) {
		size_t len = min((size_t)data[1] * 4, size - 2);

		iscsi_text_clear(&answer);
		if (iscsi_text_reserve(&answer, len))
			break;
		memcpy(answer.data, data + 2, len);
		answer.data[len] = '\0';
		answer.len = len;
		rc = iscsi_login_answer(&login, data[0], &answer);
		if (rc == LOGIN_DONE && login.auth->reverse_password[0] && login.chap_type != 2)
			abort();
		if (rc == LOGIN_DONE &&
		    (login.params.max_send < 512 || login.params.max_burst < 512 ||
		     login.params.first_burst > login.params.max_burst))
			abort();
		data += 2 + len;
		size -= 2 + len;
	}
	iscsi_text_free(&answer);
	iscsi_login_free(&login);
	return 0;
}
