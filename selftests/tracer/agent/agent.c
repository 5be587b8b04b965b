// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracer's hands in the guest (docs/tracer.md).  Reads requests from stdin,
 * does what each says, writes replies to stdout.  It decides nothing: what to
 * trace, when to resume, and what a stop means is the other end's business.
 *
 * When the other end is gone so is this process, and the kernel then kills what
 * it spawned (PTRACE_O_EXITKILL, PR_SET_PDEATHSIG) and lets go of the rest: no
 * tracee is left stopped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../clone.h"
#include "stops.h"
#include "wire.h"

#define PTRACE_SEIZE		0x4206
#define PTRACE_O_EXITKILL	0x100000

enum request {
	REQUEST_HELLO = 1,
	REQUEST_CALL = 2,
	REQUEST_SPAWN = 3,
	REQUEST_FACTS = 4,
	REQUEST_NEXT = 5,
	REQUEST_PTRACE = 6,
	REQUEST_TRACE = 7,
	REQUEST_CATCH = 8,
};

enum spawn_flag {
	SPAWN_SEIZE = 1,
	SPAWN_CAPTURE = 2,
};

enum argument_kind {
	ARGUMENT_VALUE,		/* as it is */
	ARGUMENT_DATA,		/* an offset in the call's data: its address is passed */
	ARGUMENT_SELF,		/* the process id of who makes the call */
};

struct call {
	long nr;
	long args[6];
	uint8_t *data;
	size_t length;
};

static void reply(uint32_t id, int64_t result, int error, const void *data,
		  size_t length)
{
	uint8_t head[17], *to = head;

	put_integer(&to, FRAME_REPLY, 1);
	put_integer(&to, id, 4);
	put_integer(&to, result, 8);
	put_integer(&to, error, 4);
	wire_send(head, sizeof(head), data, length);
}

static void hello(uint32_t id)
{
	const uint16_t order = 1;
	uint8_t data[8], *to = data;

	put_integer(&to, sizeof(long), 1);
	put_integer(&to, *(const uint8_t *)&order ? 0 : 1, 1);
	put_integer(&to, getpid(), 4);
	reply(id, PROTOCOL_VERSION, 0, data, to - data);
}

/* Reads a call; its data is copied to @arena. */
static void read_call(struct reader *from, struct call *call, uint8_t *arena)
{
	unsigned int i, kinds[6] = { 0 }, relocations;
	uint64_t values[6] = { 0 };
	const uint8_t *data;

	call->data = arena;
	call->nr = (int32_t)read_integer(from, 4);
	for (i = 0; i < 6; i++) {
		kinds[i] = read_integer(from, 1);
		values[i] = read_integer(from, 8);
	}
	call->length = read_integer(from, 4);
	data = read_bytes(from, call->length);
	relocations = read_integer(from, 2);
	if (from->broken)
		return;
	memcpy(arena, data, call->length);
	while (relocations--) {
		uint64_t at = read_integer(from, 4), target = read_integer(from, 4);
		uintptr_t address = (uintptr_t)arena + target;

		if (from->broken || at + sizeof(address) > call->length ||
		    target > call->length) {
			from->broken = 1;
			return;
		}
		memcpy(arena + at, &address, sizeof(address));
	}
	for (i = 0; i < 6; i++) {
		call->args[i] = values[i];
		if (kinds[i] == ARGUMENT_DATA)
			call->args[i] = (long)(arena + values[i]);
		else if (kinds[i] == ARGUMENT_SELF)
			call->args[i] = getpid();
		if (kinds[i] > ARGUMENT_SELF ||
		    (kinds[i] == ARGUMENT_DATA && values[i] > call->length))
			from->broken = 1;
	}
}

static long make_call(const struct call *call)
{
	return syscall(call->nr, call->args[0], call->args[1], call->args[2],
		       call->args[3], call->args[4], call->args[5]);
}

static uint8_t arena[FRAME_LIMIT] __attribute__((aligned(64)));

static void do_call(uint32_t id, struct reader *from)
{
	struct call call;
	long result;

	read_call(from, &call, arena);
	if (from->broken)
		return;
	errno = 0;
	result = make_call(&call);
	/* The reply's head takes some of the frame. */
	if (call.length > FRAME_LIMIT - 64)
		call.length = FRAME_LIMIT - 64;
	reply(id, result, result == -1 ? errno : 0, call.data, call.length);
}

/* The new process: makes one call after the other; the last one may be execve(). */
__attribute__((noreturn))
static void run_child(struct reader *calls, unsigned int count, int go,
		      const int output[2])
{
	unsigned int i;
	int null;
	char byte;

	/* Until it is seized with PTRACE_O_EXITKILL, and where it is not. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(output[0] < 0 ? null : output[0], STDOUT_FILENO);
	dup2(output[1] < 0 ? null : output[1], STDERR_FILENO);
	close(null);
	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
	close(go);
	for (i = 0; i < count; i++) {
		struct call call;

		read_call(calls, &call, arena);
		if (make_call(&call) == -1) {
			dprintf(STDERR_FILENO, "%s\n", strerror(errno));
			_exit(127);
		}
	}
	_exit(0);
}

static void do_spawn(uint32_t id, struct reader *from)
{
	int go[2], out[2] = { -1, -1 }, err[2] = { -1, -1 };
	unsigned int flags = read_integer(from, 1);
	uint32_t options = read_integer(from, 4);
	unsigned long clone_flags = read_integer(from, 8);
	unsigned int count = read_integer(from, 1), i;
	struct reader check = *from;
	struct call call;
	int error = 0;
	pid_t pid;

	for (i = 0; i < count; i++)
		read_call(&check, &call, arena);
	if (check.broken) {
		from->broken = 1;
		return;
	}
	if (pipe2(go, O_CLOEXEC) ||
	    (flags & SPAWN_CAPTURE && (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))))
		give_up("pipe: %s", strerror(errno));
	pid = clone_with(clone_flags);
	if (pid == 0) {
		const int output[2] = { out[1], err[1] };

		close(go[1]);
		run_child(from, count, go[0], output);
	}
	if (pid < 0)
		error = errno;
	else if (flags & SPAWN_SEIZE &&
		 syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, options | PTRACE_O_EXITKILL) < 0) {
		error = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
		pid = -1;
	}
	close(go[0]);
	if (!error && write(go[1], "", 1) != 1)
		error = errno;
	close(go[1]);
	if (flags & SPAWN_CAPTURE) {
		close(out[1]);
		close(err[1]);
		wire_forward(out[0], 1);
		wire_forward(err[0], 2);
	}
	reply(id, pid, error, NULL, 0);
}

static struct waiting read_waiting(struct reader *from)
{
	struct waiting waiting;

	waiting.how = read_integer(from, 1);
	waiting.nr = read_integer(from, 4);
	waiting.mask = read_integer(from, 8);
	if (waiting.how > WAIT6_MASKED)
		from->broken = 1;
	return waiting;
}

static void do_next(uint32_t id, struct reader *from)
{
	static uint8_t record[RECORD_LIMIT];
	struct waiting waiting = read_waiting(from);
	pid_t pid = (int32_t)read_integer(from, 4);
	int options = read_integer(from, 4), status;
	size_t length;

	if (from->broken)
		return;
	errno = 0;
	pid = stops_next(&waiting, pid, options, record, &length, &status);
	reply(id, pid, pid < 0 ? errno : 0, record, length);
}

static void do_ptrace(uint32_t id, struct reader *from)
{
	long request = read_integer(from, 4);
	pid_t pid = (int32_t)read_integer(from, 4);
	long addr = read_integer(from, 8), data = read_integer(from, 8);
	long result;

	if (from->broken)
		return;
	errno = 0;
	result = syscall(SYS_ptrace, request, pid, addr, data);
	reply(id, result, result == -1 ? errno : 0, NULL, 0);
}

static volatile sig_atomic_t caught;

static void count_signal(int signal)
{
	caught++;
}

/* Has a signal counted from now on; without SA_RESTART, so that it ends a wait. */
static void do_catch(uint32_t id, struct reader *from)
{
	struct sigaction count = { .sa_handler = count_signal };
	int signal = read_integer(from, 4);

	if (from->broken)
		return;
	errno = 0;
	if (signal)
		sigaction(signal, &count, NULL);
	reply(id, caught, errno, NULL, 0);
}

static void do_trace(uint32_t id, struct reader *from)
{
	struct waiting waiting = read_waiting(from);
	long resume_request = read_integer(from, 4);
	uint64_t limit = read_integer(from, 8);

	if (!from->broken)
		reply(id, stops_trace(id, &waiting, resume_request, limit), 0,
		      NULL, 0);
}

int main(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* A lost channel is told by write(). */
	sigaction(SIGPIPE, &ignore, NULL);
	wire_start();
	for (;;) {
		const uint8_t *body;
		size_t length = wire_read(&body);
		struct reader from = { body, body + length, 0 };
		unsigned int type = read_integer(&from, 1);
		uint32_t id = read_integer(&from, 4);

		switch (type) {
		case REQUEST_HELLO:
			hello(id);
			break;
		case REQUEST_CALL:
			do_call(id, &from);
			break;
		case REQUEST_SPAWN:
			do_spawn(id, &from);
			break;
		case REQUEST_FACTS:
			stops_configure(&from);
			if (!from.broken)
				reply(id, 0, 0, NULL, 0);
			break;
		case REQUEST_NEXT:
			do_next(id, &from);
			break;
		case REQUEST_PTRACE:
			do_ptrace(id, &from);
			break;
		case REQUEST_TRACE:
			do_trace(id, &from);
			break;
		case REQUEST_CATCH:
			do_catch(id, &from);
			break;
		default:
			give_up("a request of unknown type %u", type);
		}
		if (from.broken)
			give_up("request %u of type %u is too short or contradicts itself",
				id, type);
	}
}
