/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

/** What `git describe` said when the image was built; shown at start and sent in HTTP requests. */
extern const char version[];

#endif
