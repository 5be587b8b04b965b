// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm ROUNDS PROGRAM: in each round a child by vfork(), one by fork() and a
 * thread; each makes the call MARK_CHILD.  At the end a thread, not the first
 * of the process, becomes PROGRAM, while two others sleep.
 */
#include "hosted.h"

static char **program;
static int rounds;

static void *run_thread(void *unused)
{
	mark(MARK_CHILD);
	return NULL;
}

static void *sleep_thread(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void *exec_thread(void *unused)
{
	execv(program[0], program);
	_exit(127);
}

int storm(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return 2;
	rounds = atoi(argv[1]);
	program = argv + 2;
	mark(MARK_BEGIN);
	while (rounds-- > 0) {
		pid_t pid = vfork();

		if (!pid) {
			mark(MARK_CHILD);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		pid = fork();
		if (!pid) {
			mark(MARK_CHILD);
			_exit(0);
		}
		if (pthread_create(&thread, NULL, run_thread, NULL))
			return 1;
		pthread_join(thread, NULL);
		waitpid(pid, NULL, 0);
	}
	if (pthread_create(&thread, NULL, sleep_thread, NULL) ||
	    pthread_create(&thread, NULL, sleep_thread, NULL) ||
	    pthread_create(&thread, NULL, exec_thread, NULL))
		return 1;
	for (;;)
		pause();
}
