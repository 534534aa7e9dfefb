/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of SAN drives: to operating systems in the iBFT, to people on the screen. */
#ifndef SAN_DESCRIBE_H
#define SAN_DESCRIBE_H

#include "san/drives.h"

/** Ask the drive's device, and complete what it says from the card's settings. */
void describe_drive(struct san_drive *drive);
/** Describe @dev, another way to the same disk, as a further target of @drive. */
void describe_other_path(struct san_drive *drive, struct block_device *dev);
/** Write the iBFT for all drives that want to be in it, or withdraw it. 0 or an error. */
int describe_publish(void);
/** The block that follows "Registered SAN device". */
void describe_print(const struct san_drive *drive);
/** Is keep-san set for @drive? @why (may be NULL): "net0/keep-san, command line", or "". */
bool describe_keep(const struct san_drive *drive, char *why, size_t size);

#endif
