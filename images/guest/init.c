// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the guest: mounts, network, and an ssh server on port 22.
 *
 * It is a program and not a shell script because under an emulated CPU every
 * fork and exec costs milliseconds, and all of this stands between the
 * kernel's end of boot and the first test. For the same reason it listens on
 * port 22 itself and starts an ssh server for each connection, as inetd does:
 * connections are accepted from the moment the socket listens, and the start
 * of the server runs beside the host's own work.
 *
 * What it says goes to the kernel log, so that a line can never be torn apart
 * by the kernel's own messages:
 *   HARNESS-READY init=<seconds> ready=<seconds>	ssh is accepted from now on
 *   HARNESS-FAILED <what>: <why>			no ssh to be expected
 *   HARNESS-NOTE <what>: <why>			went on without it
 * Seconds are since the kernel's start of time keeping (CLOCK_BOOTTIME).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define SEED_FILE	"/run/harness/seed"
#define HOST_KEY	"/run/harness/hostkey"

/* QEMU's user networking gives this address to the first guest (10.0.2.0/24). */
#define GUEST_ADDRESS	0x0a00020f
#define GUEST_NETMASK	0xffffff00
#define GATEWAY_ADDRESS	0x0a000202

static char *const server[] = {
	"dropbear",
	"-i",			/* one connection, on stdin; messages go to stderr, the console */
	"-r", HOST_KEY,
	NULL,
};

static char *const environment[] = {
	"HOME=/root", "PATH=/bin", "SHELL=/bin/sh", "TERM=linux", NULL,
};

static volatile sig_atomic_t ending;

static void say(int level, const char *format, ...)
{
	char line[256];
	va_list args;
	int fd, length, done = 0;

	length = snprintf(line, sizeof(line), "<%d>", level);
	va_start(args, format);
	length += vsnprintf(line + length, sizeof(line) - length, format, args);
	va_end(args);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	/* Without it the kernel keeps the line back: another part might follow. */
	line[length++] = '\n';
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		done = write(fd, line, length) == length;
		close(fd);
	}
	/* A kernel without printk; "<n>" is of no use there. */
	if (!done)
		write(STDERR_FILENO, line + 3, length - 3);
}

/* Level 0: shown on the console however quiet the kernel was told to be. */
#define fail(what) say(0, "HARNESS-FAILED %s: %s", what, strerror(errno))
#define note(what) say(5, "HARNESS-NOTE %s: %s", what, strerror(errno))

static double uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static const struct {
	const char *where, *type, *data;
	int wanted;		/* report when it cannot be mounted */
} mounts[] = {
	{ "/dev", "devtmpfs", "mode=0755", 1 },
	{ "/proc", "proc", NULL, 1 },
	{ "/sys", "sysfs", NULL, 1 },
	{ "/dev/pts", "devpts", "mode=0620,gid=5,ptmxmode=0666", 0 },
	{ "/dev/shm", "tmpfs", "mode=1777", 0 },
	{ "/tmp", "tmpfs", "mode=1777", 0 },
	{ "/sys/fs/cgroup", "cgroup2", NULL, 0 },
	{ "/sys/kernel/debug", "debugfs", NULL, 0 },
	{ "/sys/kernel/tracing", "tracefs", NULL, 0 },
	{ "/dev/mqueue", "mqueue", NULL, 0 },
};

static void mount_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		/* In /sys the kernel makes the folder when it has the file system. */
		if (!strncmp(mounts[i].where, "/dev/", 5))
			mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0,
			  mounts[i].data) && mounts[i].wanted)
			note(mounts[i].where);
	}
	/* devtmpfs does not bring these. */
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	if (access("/dev/ptmx", F_OK))
		symlink("pts/ptmx", "/dev/ptmx");
}

/*
 * A guest has no source of entropy of its own to speak of, and an old kernel
 * without a virtio one would block the ssh server for ever.
 */
static void seed_entropy(void)
{
	struct {
		int entropy_count;
		int buf_size;
		unsigned char buf[256];
	} pool;
	ssize_t got;
	int fd;

	fd = open(SEED_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		note(SEED_FILE);
		return;
	}
	got = read(fd, pool.buf, sizeof(pool.buf));
	close(fd);
	unlink(SEED_FILE);
	if (got <= 0)
		return;
	pool.entropy_count = got * 8;
	pool.buf_size = got;
	fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool))
		note("/dev/urandom");
	if (fd >= 0)
		close(fd);
}

static int bring_up(int fd, const char *name, in_addr_t address, in_addr_t mask)
{
	struct ifreq request = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(address);
	if (ioctl(fd, SIOCSIFADDR, &request))
		return -1;
	in->sin_addr.s_addr = htonl(mask);
	if (ioctl(fd, SIOCSIFNETMASK, &request))
		return -1;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

/*
 * Waits until the link is up and the gateway, which is QEMU, has answered ARP,
 * so that both know the other's address. Until then a packet of either side
 * may be lost; QEMU would send the first one of the host's connection again
 * only after six seconds.
 */
static void meet_gateway(int fd, const char *name)
{
	struct sockaddr_in gateway = {
		.sin_family = AF_INET,
		.sin_port = htons(9),	/* discard: only ARP matters */
		.sin_addr.s_addr = htonl(GATEWAY_ADDRESS),
	};
	struct arpreq arp = { 0 };
	double end = uptime() + 2;
	int udp;

	snprintf(arp.arp_dev, sizeof(arp.arp_dev), "%s", name);
	memcpy(&arp.arp_pa, &gateway, sizeof(gateway));
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp < 0) {
		note("gateway");
		return;
	}
	do {
		/* The kernel itself would ask again after a second. */
		ioctl(fd, SIOCDARP, &arp);
		sendto(udp, "", 1, MSG_DONTWAIT, (struct sockaddr *)&gateway, sizeof(gateway));
		usleep(2000);
		errno = ETIMEDOUT;
		if (!ioctl(fd, SIOCGARP, &arp) && arp.arp_flags & ATF_COM)
			errno = 0;
	} while (errno && uptime() < end);
	if (errno)
		note("gateway");
	close(udp);
}

/* Gives the listening socket, or -1 after saying what failed. */
static int start_network(void)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(22),
	};
	int fd, one = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		fail("socket");
		return -1;
	}
	if (bring_up(fd, "lo", INADDR_LOOPBACK, 0xff000000))
		note("lo");
	if (bring_up(fd, "eth0", GUEST_ADDRESS, GUEST_NETMASK)) {
		fail("eth0");
		goto out;
	}
	meet_gateway(fd, "eth0");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 64)) {
		fail("port 22");
		goto out;
	}
	return fd;
out:
	close(fd);
	return -1;
}

static void serve(int connection)
{
	sigset_t none;
	pid_t pid;

	/* The child of vfork() runs in this memory: system calls only. */
	pid = vfork();
	if (pid == 0) {
		setsid();
		dup2(connection, STDIN_FILENO);
		dup2(connection, STDOUT_FILENO);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve("/bin/dropbear", server, environment);
		_exit(127);
	}
	if (pid < 0)
		note("vfork");
	close(connection);
}

static void on_child(int signal)
{
	/* Only to interrupt ppoll(). */
}

static void on_end(int signal)
{
	ending = signal;
}

/* Signals as busybox' poweroff, halt and reboot send them to PID 1. */
static void end(int signal)
{
	int how = RB_AUTOBOOT;

	if (signal == SIGUSR1)
		how = RB_HALT_SYSTEM;
	else if (signal == SIGUSR2)
		how = RB_POWER_OFF;
	reboot(how);
	fail("reboot");
}

static void catch_signals(sigset_t *masked)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGINT };
	struct sigaction action = { .sa_handler = on_child };
	unsigned int i;

	sigemptyset(masked);
	sigaddset(masked, SIGCHLD);
	sigaction(SIGCHLD, &action, NULL);
	action.sa_handler = on_end;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaddset(masked, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	/* Let in by ppoll() alone: none can slip in just before it sleeps. */
	sigprocmask(SIG_BLOCK, masked, NULL);
}

int main(void)
{
	double began = uptime();
	struct pollfd listening = { .events = POLLIN };
	sigset_t masked, none;

	if (getpid() != 1) {
		dprintf(STDERR_FILENO, "init: to be run by the kernel, as PID 1\n");
		return 2;
	}
	catch_signals(&masked);
	mount_all();
	/* The kernel's own default lets everybody write to the root folder. */
	chmod("/", 0755);
	/* Ctrl-Alt-Del comes as SIGINT. */
	reboot(RB_DISABLE_CAD);
	seed_entropy();
	sethostname("guest", 5);
	listening.fd = start_network();
	if (listening.fd >= 0)
		say(0, "HARNESS-READY init=%.3f ready=%.3f", began, uptime());

	sigemptyset(&none);
	for (;;) {
		int connection;

		/* A negative descriptor is left out: without network, wait for signals. */
		ppoll(&listening, 1, NULL, &none);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (ending) {
			end(ending);
			ending = 0;
		}
		while (listening.fd >= 0) {
			connection = accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC);
			if (connection < 0)
				break;
			serve(connection);
		}
	}
}
