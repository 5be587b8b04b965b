// SPDX-License-Identifier: GPL-2.0-only
#include "hosted.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} tracees[] = {
	{ "crowd", crowd },
	{ "dispatched", dispatched },
	{ "filtered", filtered },
	{ "handles", handles },
	{ "naps", naps },
	{ "nested", nested },
	{ "slow_exec", slow_exec },
	{ "sockets", sockets },
	{ "storm", storm },
};

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(tracees) / sizeof(tracees[0]); i++)
		if (!strcmp(argv[1], tracees[i].name))
			return tracees[i].run(argc - 1, argv + 1);
	fprintf(stderr, "hosted: no such tracee\n");
	return 2;
}
