// SPDX-License-Identifier: GPL-2.0-only
/* crowd COUNT: so many children at once, which all end when the last of them is there. */
#include "hosted.h"

int crowd(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0, left = count, gate[2];
	char byte;

	if (pipe(gate))
		return 1;
	while (left-- > 0) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid) {
			close(gate[1]);
			/* Until the gate closes. */
			if (read(gate[0], &byte, 1) != 0)
				_exit(1);
			_exit(0);
		}
	}
	mark(MARK_BEGIN);
	close(gate[1]);
	for (left = count; left > 0; left--) {
		int status;

		if (wait(&status) < 0 || status)
			return 1;
	}
	return 0;
}
