// SPDX-License-Identifier: GPL-2.0-only
/*
 * One thread writes to the channel, so that tracing goes on meanwhile; it also
 * watches for the other end's going away, which the main thread, asleep in
 * wait4(), would not notice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "wire.h"

/* Stops are sent after this many milliseconds, or when there are many. */
#define BATCH_MS	10
#define BATCH_BYTES	(64 << 10)
#define FORWARDED	64
#define FORWARD_BYTES	(16 << 10)
/* The tracer waits when the channel is this far behind; the writer itself must not. */
#define QUEUE_LIMIT	(4 << 20)
#define QUEUE_BYTES	(QUEUE_LIMIT + FORWARDED * (FORWARD_BYTES + 16))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t drained = PTHREAD_COND_INITIALIZER;
static uint8_t *queue, *sending;
static size_t queued;
/* The body of the frame that wire_add() may still lengthen; 0: there is none. */
static size_t open_at, open_length;
/* There is more in the queue than stops, which can wait for others. */
static int urgent;
static int wake_fd;
static struct {
	int fd, stream;
} forwarded[FORWARDED];
static int forwarded_count;

void give_up(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fprintf(stderr, "agent: ");
	vfprintf(stderr, format, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	_exit(2);
}

uint64_t read_integer(struct reader *from, unsigned int bytes)
{
	const uint8_t *at = read_bytes(from, bytes);
	uint64_t value = 0;

	while (at && bytes--)
		value = value << 8 | at[bytes];
	return value;
}

const uint8_t *read_bytes(struct reader *from, size_t count)
{
	const uint8_t *at = from->at;

	if (count > (size_t)(from->end - at)) {
		from->broken = 1;
		return NULL;
	}
	from->at += count;
	return at;
}

void put_integer(uint8_t **to, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		*(*to)++ = value;
		value >>= 8;
	}
}

static void write_all(const uint8_t *from, size_t length)
{
	while (length) {
		ssize_t done = write(STDOUT_FILENO, from, length);

		if (done < 0 && errno == EINTR)
			continue;
		/* Nobody reads any more: the tracees go with this process. */
		if (done <= 0)
			_exit(1);
		from += done;
		length -= done;
	}
}

static void flush_queue(void)
{
	uint8_t *full;
	size_t length;

	pthread_mutex_lock(&lock);
	length = queued;
	full = queue;
	queue = sending;
	sending = full;
	queued = 0;
	open_at = 0;
	urgent = 0;
	pthread_cond_broadcast(&drained);
	pthread_mutex_unlock(&lock);
	write_all(full, length);
}

/* With @lock held, and room in the queue. */
static void append(const void *head, size_t head_length, const void *rest,
		   size_t rest_length)
{
	uint8_t *at = queue + queued;

	put_integer(&at, head_length + rest_length, 4);
	memcpy(at, head, head_length);
	if (rest_length)
		memcpy(at + head_length, rest, rest_length);
	queued += 4 + head_length + rest_length;
	open_at = 0;
}

/* Right after the queue was flushed.  The last frame of a stream is an empty one. */
static void forward(int index)
{
	static uint8_t data[FORWARD_BYTES];
	uint8_t head[2] = { FRAME_OUTPUT, forwarded[index].stream };
	ssize_t got = read(forwarded[index].fd, data, sizeof(data));

	if (got < 0 && errno == EINTR)
		return;
	pthread_mutex_lock(&lock);
	append(head, sizeof(head), data, got < 0 ? 0 : got);
	if (got <= 0) {
		close(forwarded[index].fd);
		forwarded[index] = forwarded[--forwarded_count];
	}
	pthread_mutex_unlock(&lock);
}

/* Whether what is queued should wait no longer. */
static int is_due(int timed_out)
{
	int due;

	pthread_mutex_lock(&lock);
	due = queued && (timed_out || urgent || queued > BATCH_BYTES);
	pthread_mutex_unlock(&lock);
	return due;
}

static void *write_thread(void *unused)
{
	struct pollfd fds[2 + FORWARDED];
	uint64_t count;

	(void)unused;
	for (;;) {
		int i, open, wait, ready;

		/* Without events, poll() tells of the other end's closing alone. */
		fds[0] = (struct pollfd){ .fd = STDIN_FILENO };
		fds[1] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
		pthread_mutex_lock(&lock);
		open = forwarded_count;
		wait = queued ? BATCH_MS : -1;
		pthread_mutex_unlock(&lock);
		for (i = 0; i < open; i++)
			fds[2 + i] = (struct pollfd){ .fd = forwarded[i].fd, .events = POLLIN };
		ready = poll(fds, 2 + open, wait);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			give_up("poll: %s", strerror(errno));
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			_exit(0);
		if (fds[1].revents && read(wake_fd, &count, sizeof(count)) < 0)
			give_up("eventfd: %s", strerror(errno));
		if (is_due(ready == 0))
			flush_queue();
		for (i = open - 1; i >= 0; i--) {
			if (!fds[2 + i].revents)
				continue;
			/* In order, and with room for all. */
			flush_queue();
			forward(i);
		}
	}
	return NULL;
}

static void wake(void)
{
	uint64_t one = 1;

	if (write(wake_fd, &one, sizeof(one)) < 0)
		give_up("eventfd: %s", strerror(errno));
}

void wire_start(void)
{
	sigset_t all, before;
	pthread_t thread;

	queue = malloc(QUEUE_BYTES);
	sending = malloc(QUEUE_BYTES);
	wake_fd = eventfd(0, EFD_CLOEXEC);
	/* Signals are the main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!queue || !sending || wake_fd < 0 ||
	    pthread_create(&thread, NULL, write_thread, NULL))
		give_up("start: %s", strerror(errno));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* With @lock held.  Return: whether the writer has to be told. */
static int enqueue(const void *head, size_t head_length, const void *rest,
		   size_t rest_length)
{
	int first;

	while (queued + 4 + head_length + rest_length > QUEUE_LIMIT)
		pthread_cond_wait(&drained, &lock);
	first = !queued;
	append(head, head_length, rest, rest_length);
	/* Its poll() has to be told of the first frame, which starts the time. */
	return first || queued > BATCH_BYTES;
}

void wire_send(const void *head, size_t head_length, const void *rest,
	       size_t rest_length)
{
	pthread_mutex_lock(&lock);
	urgent = 1;
	enqueue(head, head_length, rest, rest_length);
	pthread_mutex_unlock(&lock);
	wake();
}

void wire_add(const void *head, size_t head_length, const void *part,
	      size_t part_length)
{
	uint8_t *length_at;
	int tell = 0;

	pthread_mutex_lock(&lock);
	if (open_at && queued + part_length <= QUEUE_LIMIT &&
	    open_length + part_length <= FRAME_LIMIT) {
		memcpy(queue + queued, part, part_length);
		queued += part_length;
		open_length += part_length;
		length_at = queue + open_at - 4;
		put_integer(&length_at, open_length, 4);
	} else {
		tell = enqueue(head, head_length, part, part_length);
		open_length = head_length + part_length;
		open_at = queued - open_length;
	}
	pthread_mutex_unlock(&lock);
	if (tell)
		wake();
}

void wire_forward(int fd, int stream)
{
	pthread_mutex_lock(&lock);
	if (forwarded_count == FORWARDED)
		give_up("more than %d programs' outputs", FORWARDED / 2);
	forwarded[forwarded_count].fd = fd;
	forwarded[forwarded_count++].stream = stream;
	pthread_mutex_unlock(&lock);
	wake();
}

static void read_all(uint8_t *into, size_t length)
{
	while (length) {
		ssize_t got = read(STDIN_FILENO, into, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			_exit(0);
		into += got;
		length -= got;
	}
}

size_t wire_read(const uint8_t **body)
{
	static uint8_t buffer[FRAME_LIMIT];
	uint8_t length_bytes[4];
	struct reader reader = { length_bytes, length_bytes + 4, 0 };
	uint64_t length;

	read_all(length_bytes, sizeof(length_bytes));
	length = read_integer(&reader, 4);
	if (length < 5 || length > FRAME_LIMIT)
		give_up("a frame of %llu bytes", (unsigned long long)length);
	read_all(buffer, length);
	*body = buffer;
	return length;
}
