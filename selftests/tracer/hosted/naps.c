// SPDX-License-Identifier: GPL-2.0-only
/* naps MILLISECONDS: sleeps so long, then ends. */
#include "hosted.h"

int naps(int argc, char **argv)
{
	usleep(argc > 1 ? atoi(argv[1]) * 1000 : 0);
	return 0;
}
