// SPDX-License-Identifier: GPL-2.0-only
/* A pair of Unix sockets, 50 and 51, in a network namespace of its own; then it stops. */
#include "hosted.h"

int sockets(int argc, char **argv)
{
	int pair[2];

	if (unshare(CLONE_NEWNET))
		return 77;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 1;
	dup2(pair[0], 50);
	dup2(pair[1], 51);
	mark(MARK_BEGIN);
	kill(getpid(), SIGSTOP);
	return 0;
}
