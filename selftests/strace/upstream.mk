# SPDX-License-Identifier: GPL-2.0-only
# Read after strace's own tests/Makefile (make -f Makefile -f upstream.mk): builds the tests of
# what this project is about, static, and puts them into $(INTO).
about := attach- detach- filter_seccomp int_0x80 --pidns ptrace_syscall_info restart_syscall \
	legacy_syscall_info threads-execve
scripts := $(foreach test,$(TESTS),$(if $(strip $(foreach word,$(about),$(findstring $(word),$(test)))),$(test)))
# A test runs the program with its own name, and some run others as well.
programs := $(filter $(scripts:.test=) $(scripts:.gen.test=),$(check_PROGRAMS)) \
	attach-f-p-cmd attach-p-cmd-cmd attach-p-cmd-p chdir fork-f is_linux_mips_n64 \
	netlink_netlink_diag set_ptracer_any status-none-f vfork-f
strip := $(shell $(CC) -print-prog-name=strip)
refusers := disable_ptrace_get_syscall_info disable_ptrace_getregset

put-into-guest: $(sort $(programs))
	$(foreach word,$(about),$(if $(findstring $(word),$(scripts)),,$(error strace has no tests of $(word))))
	mkdir -p $(INTO)/src $(INTO)/tests
	$(strip) -o $(INTO)/strace ../src/strace
	for each in $(refusers); do $(strip) -o $(INTO)/src/$$each ../src/$$each || exit; done
	for each in $(sort $(programs)); do $(strip) -o $(INTO)/tests/$$each $$each || exit; done
	cp $(scripts) *.sh *.awk *.in $(INTO)/tests
	cp ../src/config.h $(INTO)/src
	printf '%s\n' $(sort $(scripts)) > $(INTO)/tests/list
	# What tests/Makefile.am gives to each of them.
	printf 'export %s\n' STRACE_ARCH=$(ARCH) STRACE_NATIVE_ARCH=$(NATIVE_ARCH) \
		SIZEOF_LONG=$(SIZEOF_LONG) SIZEOF_KERNEL_LONG_T=$(SIZEOF_KERNEL_LONG_T) \
		MIPS_ABI=$(MIPS_ABI) > $(INTO)/tests/settings
