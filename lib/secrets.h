/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that may hold secrets, for the screen: values of secret settings and passwords in addresses
 * become ***. The values are looked for wherever they came from (${password}, a setting made of it,
 * typed again), since a message is as likely to be photographed as to be read; also as the types
 * of settings write bytes, since scripts put ${password:uristring} into addresses.
 */
#ifndef LIB_SECRETS_H
#define LIB_SECRETS_H

#include "lib/base.h"

/** Copy @text to @buf, cut at @size, with secrets shown as ***; they may be the same. */
void secrets_hide(const char *text, char *buf, size_t size);

#endif
