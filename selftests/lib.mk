# SPDX-License-Identifier: GPL-2.0-only
# What a suite's Makefile includes; the variables are those of the kernel's
# tools/testing/selftests/lib.mk, so that a suite can move there unchanged:
#   TEST_GEN_PROGS           test programs: built, and run by the harness
#   TEST_PROGS               shell scripts, x.sh: put beside them as x, and run
#   TEST_GEN_PROGS_EXTENDED  built and put beside them, not run (tracees ...)
#   TEST_HOST_PROGS          AVA tests (*.test.ts) that the harness runs on the host,
#                            against the booted guest (not kselftest's)
#   TEST_HOST_ARCHES         the architectures that those know (default: all)
#   SOURCES                  others' sources: $(SOURCES)/<name>/source.tar for each name
#                            in the suite's sources.json (not kselftest's)
#   OUTPUT                   where programs go (the harness gives one per ABI)
#   CC, CFLAGS, LDFLAGS, LDLIBS
# The harness builds every suite once for each ABI of the architecture, with
# CC set to that ABI's compiler, ABI to its name (x86_64, i386, x32 ...) and
# NATIVE_ABI to that of the architecture's own.
# A suite lists in ABIS the ones it makes sense for (default: all; native: the
# architecture's own).
ABIS ?= all
OUTPUT ?= $(CURDIR)
CFLAGS += -O2 -g0 -Wall -Wextra -Wno-unused-parameter -Werror \
	  -std=gnu11 -I$(dir $(lastword $(MAKEFILE_LIST)))include
LDFLAGS += -static

scripts := $(patsubst %.sh,$(OUTPUT)/%,$(TEST_PROGS))
progs := $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED)) $(scripts)

all: $(progs)

$(OUTPUT)/%: %.c $(wildcard *.h) $(wildcard $(dir $(lastword $(MAKEFILE_LIST)))include/*.h)
	@mkdir -p $(OUTPUT)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LDLIBS)

$(scripts): $(OUTPUT)/%: %.sh
	@mkdir -p $(OUTPUT)
	install -m 755 $< $@

# One name a line, for the harness: what to run, and for which ABIs.
list-programs:
	@printf '%s\n' $(TEST_GEN_PROGS) $(TEST_PROGS:.sh=)

list-host-programs:
	@printf '%s\n' $(TEST_HOST_PROGS)

list-host-arches:
	@printf '%s\n' $(TEST_HOST_ARCHES)

list-abis:
	@printf '%s\n' $(ABIS)

clean:
	rm -f $(progs)

.PHONY: all clean list-programs list-host-programs \
	list-host-arches list-abis
