/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames in and out (docs/tracer.md).  Integers are little-endian and not
 * aligned; what comes from the kernel is handed on as it is.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 2

/* The longest body of a frame, in either direction. */
#define FRAME_LIMIT (1 << 20)

enum frame {
	FRAME_REPLY = 0x80,
	FRAME_STOPS = 0x81,
	FRAME_OUTPUT = 0x82,
};

/* A request's payload, read from front to back. */
struct reader {
	const uint8_t *at, *end;
	int broken;		/* more was read than there is */
};

uint64_t read_integer(struct reader *from, unsigned int bytes);
const uint8_t *read_bytes(struct reader *from, size_t count);

void put_integer(uint8_t **to, uint64_t value, unsigned int bytes);

/**
 * wire_start() - start the thread that writes, and that ends the process when
 * nobody listens any more
 */
void wire_start(void);

/**
 * wire_read() - wait for the next request
 * @body: where the frame's body is, valid until the next call
 *
 * Return: its length.  Does not return when the channel is closed or what
 * comes is no frame: the process ends, and the kernel kills its tracees.
 */
size_t wire_read(const uint8_t **body);

/* Sends a frame, of two parts, and all that waits. */
void wire_send(const void *head, size_t head_length, const void *rest,
	       size_t rest_length);

/*
 * Sends, soon, a frame with this head; parts that come one after the other with
 * the same head share a frame.
 */
void wire_add(const void *head, size_t head_length, const void *part,
	      size_t part_length);

/* Has what comes out of @fd (a program's stdout 1 or stderr 2) sent as FRAME_OUTPUT. */
void wire_forward(int fd, int stream);

/* Ends the process with a reason on stderr. */
__attribute__((noreturn, format(printf, 1, 2)))
void give_up(const char *format, ...);

#endif /* WIRE_H */
