// SPDX-License-Identifier: GPL-2.0-only
/*
 * execve() from one ABI to another: the call is entered as one of the old
 * program and left as one of the new.  And tracers that come in between.
 */
#include "expect.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)

/* Appends execve(@path, @argv, NULL) to the table. */
static struct call *add_exec(int how, const char *path, char **argv)
{
	return add_call_args(how, abi_of_call(how)->execve, (uint64_t[6]){ (uintptr_t)path,
			     (uintptr_t)argv, 0, PATTERN(3) }, 0);
}

static char *program_of(const struct abi *abi)
{
	static char path[40];

	snprintf(path, sizeof(path), "../%s/tracee", abi->name);
	return path;
}

/* Runs the program of @abi untraced.  Return: its wait status. */
static int run_program(const struct abi *abi)
{
	char *path = program_of(abi), *argv[] = { path, NULL };
	pid_t pid = fork();
	int status;

	EXPECT_OK(pid);
	if (!pid) {
		execv(path, argv);
		_exit(errno);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

/* Ends the case if programs of @abi do not run here, traced or not. */
static void need_program(const struct abi *abi)
{
	int status = run_program(abi);

	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOEXEC)
		SKIP("this kernel runs no %s programs", abi->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOENT)
		SKIP("there is no %s", program_of(abi));
	EXPECT_EQ(status, 0);
}

/*
 * From the stop in the entry of execve() on: event and exit with @arch, then
 * entries and exits by turns up to the next execve() or the end.
 * Return: whether there is a next one; the tracee is in its entry.
 */
static bool follow_program(pid_t pid, const struct abi *abi)
{
	struct syscall_info info;
	bool entry = true;
	int status;

	next_stop(pid, EVENT_STOP(PTRACE_EVENT_EXEC));
	expect_none(pid, abi->arch);
	next_syscall_stop(pid);
	expect_exit(pid, abi->arch, 0, false);
	for (;;) {
		status = resume_wait(pid, PTRACE_SYSCALL, 0);
		if (WIFEXITED(status)) {
			EXPECT_EQ(status, 0);
			return false;
		}
		EXPECT(status >> 8 == SYSCALL_STOP, "status 0x%x", status);
		info = get_info(HERE, pid, entry ? INFO_ENTRY : INFO_EXIT,
				entry ? SIZE_ENTRY : SIZE_EXIT, abi->arch);
		if (entry && info.entry.nr == (uint64_t)abi->execve)
			return true;
		entry = !entry;
	}
}

static void check_exec(int how, const struct abi *to)
{
	char *argv[] = { "tracee", NULL };
	struct call *c;
	pid_t pid;

	need_program(to);
	shared_init();
	strcpy(shared->path, program_of(to));
	c = add_exec(how, shared->path, argv);
	/* 64-bit code's int $0x80 takes pointers of 32 bits. */
	shared->argv[0] = (uintptr_t)shared->path;
	if (how != NATIVE)
		c->raw.args[1] = (uint32_t)(uintptr_t)shared->argv;
	pid = start_tracee(run_calls, OPTIONS);
	next_syscall_stop(pid);
	expect_entry(pid, abi_of_call(how)->arch, c->nr, c->raw.args);
	expect_place(pid, c);
	EXPECT(!follow_program(pid, to), "the program goes on");
}

/* One case for each ABI: exec_x86_64 ... */
#define EXEC_CASE(abi)							\
	CASE(exec_##abi)						\
	{								\
		check_exec(NATIVE, &abi_##abi);				\
	}
CPU_ABIS(EXEC_CASE)

#if defined(__x86_64__) || defined(__i386__)
/* By int $0x80 the old program's ABI is i386 in the entry, too. */
CASE(exec_x86_64_by_int80)
{
	need_program(&abi_i386);
	check_exec(INT80, &abi_x86_64);
}

CASE(exec_i386_by_int80)
{
	check_exec(INT80, &abi_i386);
}
#endif

/* There and back, as often as there are ABIs that this kernel runs. */
CASE(exec_there_and_back)
{
#define ABI_OF_CPU(abi) &abi_##abi,
	const struct abi *all[] = { CPU_ABIS(ABI_OF_CPU) }, *turn[5], *runs[8];
	char paths[5][40], *argv[6] = { "tracee" };
	unsigned int i, count = 0;
	pid_t pid;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!run_program(all[i]))
			runs[count++] = all[i];
	if (count < 2)
		SKIP("this kernel runs programs of no other ABI");
	for (i = 0; i < 5; i++) {
		turn[i] = runs[(i + 1) % count];
		strcpy(paths[i], program_of(turn[i]));
		argv[i] = i ? paths[i] : "tracee";
	}
	argv[5] = NULL;
	shared_init();
	strcpy(shared->path, paths[0]);
	add_exec(NATIVE, shared->path, argv);
	pid = start_tracee(run_calls, OPTIONS);
	next_syscall_stop(pid);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(follow_program(pid, turn[i]), i < 4);
}

/* An exec that fails leaves the ABI as it was. */
CASE(failed_exec)
{
	char *argv[] = { "tracee", NULL };
	pid_t pid;

	shared_init();
	add_exec(NATIVE, "../no-such-abi/tracee", argv)->rval = -ENOENT;
	add_exec(NATIVE, "/proc/self", argv)->rval = -EACCES;
	add_exec(NATIVE, "/proc/self/stat", argv)->rval = -EACCES;
	shared->calls[0].is_error = true;
	shared->calls[1].is_error = true;
	shared->calls[2].is_error = true;
	add_exit(0);
	pid = start_tracee(run_calls, OPTIONS);
	follow_calls(pid);
}

/* Gives @fd to the other side of the socket. */
static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	EXPECT_OK(sendmsg(socket, &msg, 0));
}

static int receive_fd(int socket)
{
	char byte, space[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fd;

	EXPECT_EQ(recvmsg(socket, &msg, 0), 1);
	EXPECT(msg.msg_controllen >= CMSG_LEN(sizeof(int)), "no descriptor came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A page whose first reader waits until somebody gives it its content. */
static char *missing_page(int uffd, long size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(page != MAP_FAILED, "mmap: %s", strerror(errno));
	area.range.start = (uintptr_t)page;
	area.range.len = size;
	EXPECT_OK(ioctl(uffd, UFFDIO_API, &api));
	EXPECT_OK(ioctl(uffd, UFFDIO_REGISTER, &area));
	return page;
}

/* What gives the page its content when attaching waits for the call to end. */
static struct {
	int uffd;
	struct uffdio_copy copy;
	volatile sig_atomic_t late;
} page_giver;

static void give_page(int sig)
{
	page_giver.late = sig;
	(void)ioctl(page_giver.uffd, UFFDIO_COPY, &page_giver.copy);
}

/*
 * A tracer that attaches in the middle of execve(): the call reads an argument
 * out of a missing page, and waits there.  The first system call stop is the
 * exit of a call whose entry the tracer has not seen.
 */
static void check_attach(const struct abi *to)
{
	long size = sysconf(_SC_PAGESIZE);
	struct uffdio_copy copy = { .len = size };
	char *program, *content;
	struct pollfd fault;
	struct uffd_msg event;
	int sockets[2], uffd, status, error;
	pid_t pid;
	long rc;

	need_program(to);
	program = program_of(to);
	uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (uffd < 0)
		SKIP("no userfaultfd: %s (CONFIG_USERFAULTFD, root)",
		     strerror(errno));
	EXPECT_OK(close(uffd));
	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = fork();
	EXPECT_OK(pid);
	if (!pid) {
		char *argv[] = { "tracee", NULL, NULL };

		uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
		EXPECT_OK(uffd);
		argv[1] = missing_page(uffd, size);
		send_fd(sockets[1], uffd);
		execv(program, argv);
		FAIL("execv: %s", strerror(errno));
	}
	uffd = receive_fd(sockets[0]);
	fault = (struct pollfd){ .fd = uffd, .events = POLLIN };
	EXPECT_EQ(poll(&fault, 1, -1), 1);
	EXPECT_EQ(read(uffd, &event, sizeof(event)), (long)sizeof(event));
	EXPECT_EQ(event.event, UFFD_EVENT_PAGEFAULT);
	/* The argument becomes the program that the new one executes. */
	content = calloc(1, size);
	EXPECT(content, "no memory");
	strcpy(content, "../no-such-abi/tracee");
	copy.dst = event.arg.pagefault.address & -size;
	copy.src = (uintptr_t)content;

	page_giver.uffd = uffd;
	page_giver.copy = copy;
	EXPECT(signal(SIGALRM, give_page) != SIG_ERR, "signal: %s",
	       strerror(errno));
	alarm(2);
	rc = ptrace(PTRACE_SEIZE, pid, 0L, OPTIONS | PTRACE_O_EXITKILL);
	error = errno;
	alarm(0);
	/* By now the tracee may have come to its end. */
	if (page_giver.late)
		SKIP("attaching waits until execve() has ended (Linux before 5.9 copies the arguments with cred_guard_mutex held)");
	EXPECT(rc == 0, "PTRACE_SEIZE: %s", strerror(error));
	EXPECT_OK(ioctl(uffd, UFFDIO_COPY, &copy));

	status = wait_for(pid);
	EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_EXEC), "status 0x%x", status);
	expect_none(pid, to->arch);
	next_syscall_stop(pid);
	expect_exit(pid, to->arch, 0, false);
	next_syscall_stop(pid);
	(void)get_info(HERE, pid, INFO_ENTRY, SIZE_ENTRY, to->arch);
	next_syscall_stop(pid);
	(void)get_info(HERE, pid, INFO_EXIT, SIZE_EXIT, to->arch);
}

/* One case for each ABI: attach_in_exec_x86_64 ... */
#define ATTACH_CASE(abi)						\
	CASE(attach_in_exec_##abi)					\
	{								\
		check_attach(&abi_##abi);				\
	}
CPU_ABIS(ATTACH_CASE)

SUITE_MAIN()
