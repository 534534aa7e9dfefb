/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures: PNG (W3C recommendation, ISO/IEC 15948) decoded by stb_image. */
#ifndef LIB_PICTURE_H
#define LIB_PICTURE_H

#include "lib/base.h"

#define PICTURE_SIDE_MAX 4096 /* pixels */

struct picture {
	unsigned width, height;
	uint8_t *rgba; /* four bytes a pixel, row by row; in image memory */
};

/** Does @data begin like a picture that picture_decode() knows? */
bool picture_probe(const void *data, size_t len);
/** Decode @data; 0 and @picture (to be released), or an error after fail(). */
int picture_decode(const void *data, size_t len, struct picture *picture);
void picture_release(struct picture *picture);

#endif
