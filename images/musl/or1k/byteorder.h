/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/byteorder/big_endian.h>
