/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told of a stop: raw facts, none of them interpreted. */
#ifndef STOPS_H
#define STOPS_H

#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

/* What may be asked for, in the order in which a record holds it. */
enum fact {
	FACT_SIGINFO = 1 << 0,
	FACT_EVENTMSG = 1 << 1,
	FACT_INFO = 1 << 2,
	FACT_REGISTERS = 1 << 3,
	FACT_OPCODE = 1 << 4,
	FACT_USAGE = 1 << 5,
	FACT_STACK = 1 << 6,
};

/* The calls differ in what they tell of the time used, and in the signal mask. */
enum how_to_wait { WAIT4, WAIT6, WAIT6_MASKED };

struct waiting {
	enum how_to_wait how;
	long nr;		/* of wait6() */
	uint64_t mask;		/* for WAIT6_MASKED */
};

/* The longest record: fixed part, facts, and the largest register set there is. */
#define RECORD_LIMIT 8192

/* Reads what FACTS says: which facts for which kind of stop, and what lies where in the registers. */
void stops_configure(struct reader *request);

/**
 * stops_next() - wait for a tracee and describe its stop
 * @waiting: how
 * @record: where its description goes, RECORD_LIMIT bytes
 * @length: out, how many of them were used
 * @status: out, the wait status
 *
 * Return: what the call returned, or -1 with errno set.
 */
pid_t stops_next(const struct waiting *waiting, pid_t pid, int options,
		 uint8_t *record, size_t *length, int *status);

/**
 * stops_trace() - resume every tracee at each of its stops, and send the stops
 * @id: of the request, for the frames
 * @limit: end after so many stops and leave the last one stopped; 0: when there
 *	is no tracee any more
 *
 * Return: how many stops there were.
 */
uint64_t stops_trace(uint32_t id, const struct waiting *waiting,
		     long resume_request, uint64_t limit);

#endif /* STOPS_H */
