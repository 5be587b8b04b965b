/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PTRACE_GET_SYSCALL_INFO as the kernel defines it in include/uapi/linux/ptrace.h
 * (since 5.3), under names of our own: headers older than that lack the
 * request, and some C libraries define it as an enumerator in <sys/ptrace.h>.
 */
#ifndef SYSCALL_INFO_H
#define SYSCALL_INFO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define GET_SYSCALL_INFO 0x420e

enum { INFO_NONE, INFO_ENTRY, INFO_EXIT, INFO_SECCOMP };

/* What PTRACE_GETEVENTMSG tells in a syscall stop. */
#define EVENTMSG_ENTRY 1
#define EVENTMSG_EXIT 2

/* What the request returns: the size of the data that the kernel has. */
#define SIZE_NONE 24
#define SIZE_ENTRY 80
#define SIZE_EXIT 33
#define SIZE_SECCOMP 84
/* sizeof(struct ptrace_syscall_info) on 64-bit ABIs: the largest user_size. */
#define SIZE_STRUCT 88

struct syscall_info {
	uint8_t op;
	uint8_t pad[3];		/* since 6.16: u8 reserved; u16 flags */
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	union {
		struct {
			uint64_t nr;
			uint64_t args[6];
		} entry;
		struct {
			int64_t rval;
			uint8_t is_error;
		} __attribute__((packed)) exit;
		struct {
			uint64_t nr;
			uint64_t args[6];
			uint32_t ret_data;
			uint32_t reserved2;
		} seccomp;
	};
} __attribute__((aligned(8)));

_Static_assert(offsetof(struct syscall_info, arch) == 4, "layout");
_Static_assert(offsetof(struct syscall_info, instruction_pointer) == 8, "layout");
_Static_assert(offsetof(struct syscall_info, entry) == SIZE_NONE, "layout");
_Static_assert(offsetof(struct syscall_info, exit.is_error) == SIZE_EXIT - 1,
	       "layout");
_Static_assert(offsetof(struct syscall_info, seccomp.ret_data) ==
	       SIZE_SECCOMP - 4, "layout");
_Static_assert(sizeof(struct syscall_info) == SIZE_STRUCT, "layout");

/**
 * get_syscall_info() - the request itself, with nothing of a C library between
 * @pid: the tracee
 * @user_size: bytes that the buffer has
 * @buf: where they are; need not be a valid address
 *
 * Return: bytes that the kernel has to tell, or -1 with errno set.
 */
static inline long get_syscall_info(pid_t pid, unsigned long user_size, void *buf)
{
	return syscall(__NR_ptrace, GET_SYSCALL_INFO, (long)pid, user_size, buf);
}

#endif /* SYSCALL_INFO_H */
