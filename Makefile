# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
#   make             build/ifpulse                make check     unit tests, no root
#   make install     DESTDIR= PREFIX=/usr/local   make itest     integration tests, root
#   make SANITIZE=1  the same under ASan + UBSan  make bench     measurements, root
#   make fmt         clang-format                 make lint      formatting, layers, cppcheck, shellcheck
#   make bench BENCH="packet idle" QUICK=1 BENCH_JSON=FILE    some of them; a short trial; where to
#   make soak        whether memory or files grow in SOAK_SECONDS (an hour), root
#   make V=1         show the commands            make WERROR=1  warnings are errors
#   make vmtest      integration tests on other kernels, in virtual machines
#   make fuzz        malformed input, by libFuzzer (clang), FUZZ_SECONDS for each target at most

VERSION := 0.1.0

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
CLANG_FORMAT ?= clang-format
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# systemd looks into /usr/local/lib, too.
UNITDIR ?= $(PREFIX)/lib/systemd/system

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

BUILD_DIR ?= build
B := $(BUILD_DIR)
ifeq ($(SANITIZE),1)
B := $(BUILD_DIR)/sanitize
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# A build of its own: everything with ASan, UBSan and what libFuzzer finds its way by.
ifeq ($(FUZZ),1)
B := $(BUILD_DIR)/fuzz
CC := $(CLANG)
SAN_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif

comma := ,
LIBS := libbpf libelf zlib libmnl sqlite3 cairo libcap-ng
CFLAGS ?= -O2 -g
BASE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wno-format-nonliteral \
	$(if $(filter 1,$(WERROR)),-Werror)
# CPPFLAGS and LDLIBS belong to whoever calls make, as CFLAGS and LDFLAGS do: these are our own.
BASE_CPPFLAGS := -Isrc -I. -isystem $(B)/skel -DIFPULSE_VERSION='"$(VERSION)"' \
	$(shell $(PKG_CONFIG) --cflags $(LIBS))
BASE_LDLIBS := $(shell $(PKG_CONFIG) --libs $(LIBS))

# The verifier, not the compiler, sets the minimum: v3 is what kernel 5.10 runs, jmp32 included.
BPF_CFLAGS := -std=gnu17 -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -I. -Ivmlinux \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch) \
	$(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-DSTORES_ARE_ORDERED) \
	$(if $(filter 1,$(WERROR)),-Werror)

SRCS := $(wildcard src/*/*.c)
OBJS := $(SRCS:%.c=$(B)/%.o)
LIB_OBJS := $(filter-out $(B)/src/app/main.o,$(OBJS))
BPF_SRCS := $(sort $(wildcard bpf/*.bpf.c))
# Maps first: bpftool links in the order given, and the skeleton follows it.
BPF_OBJS := $(patsubst %.bpf.c,$(B)/%.bpf.o,bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(BPF_SRCS)))
SKEL := $(B)/skel/ifpulse.skel.h
UNIT_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
TOOLS := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
C_FILES = $(wildcard src/*/*.[ch] include/*.h bpf/*.[ch] vmlinux/*.h tests/*/*.[ch])
SHELL_FILES = $(filter-out %.png %/systemd,$(wildcard scripts/*)) $(wildcard tests/*/*.sh tests/*/*.bash) tests/vm/run tests/vm/init .ci/run

all: $(B)/ifpulse

$(B)/ifpulse: $(OBJS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(BASE_LDLIBS) $(LDLIBS)

$(B)/%.o: %.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(BASE_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$(B)/src/kernel/programs.o: $(SKEL)

# Tests name the fields that they are about; those behind them are zero.
$(B)/tests/unit/%.o $(B)/tests/fuzz/%.o: BASE_CFLAGS += -Wno-missing-field-initializers

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(B)/bpf/ifpulse.o: $(BPF_OBJS)
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(B)/bpf/ifpulse.o
	$(say) SKEL $@
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name ifpulse_bpf > $@.tmp && mv $@.tmp $@

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(LIB_OBJS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(BASE_LDLIBS) $(LDLIBS) -lcmocka -ljansson

$(B)/tools/%: $(B)/tests/tools/%.o
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(BASE_LDLIBS) $(LDLIBS)

# It loads the programs as ifpulse does.
$(B)/tools/packet_cost: $(LIB_OBJS)

tools: $(TOOLS)

check: $(UNIT_TESTS)
	@tests/unit/run.sh $(UNIT_TESTS)

itest: $(B)/ifpulse $(TOOLS)
	@BUILD=$(abspath $(B)) tests/integration/run.sh

vmtest: $(B)/ifpulse $(TOOLS)
	@BUILD=$(abspath $(B)) tests/vm/run

BENCH_JSON ?= $(B)/bench.json

bench: $(B)/ifpulse $(TOOLS)
	@BUILD=$(abspath $(B)) tests/bench/run.sh $(if $(filter 1,$(QUICK)),-q) -o $(BENCH_JSON) $(BENCH)

soak: $(B)/ifpulse $(TOOLS)
	@BUILD=$(abspath $(B)) tests/bench/soak.sh $(SOAK_SECONDS)

# What the sockets of fuzz_netlink receive is the input; the others do not ask.
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB_OBJS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) -fsanitize=fuzzer $(LDFLAGS) \
		$(if $(filter netlink,$*),-Wl$(comma)--wrap=recvmsg$(comma)--wrap=mnl_socket_sendto) \
		-o $@ $^ $(BASE_LDLIBS) $(LDLIBS)

fuzzers: $(FUZZERS)

fuzz:
	@$(MAKE) FUZZ=1 fuzzers
	@BUILD=$(abspath $(BUILD_DIR)/fuzz) tests/fuzz/run.sh

fmt:
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

lint:
	@CLANG_FORMAT=$(CLANG_FORMAT) scripts/lint $(C_FILES) -- $(SHELL_FILES)

install: all
	install -D -m 0755 $(B)/ifpulse $(DESTDIR)$(SBINDIR)/ifpulse
	install -D -m 0644 src/ifpulse.8 $(DESTDIR)$(MANDIR)/man8/ifpulse.8
	install -D -m 0644 scripts/ifpulse.bash $(DESTDIR)$(COMPLETIONDIR)/ifpulse
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|g' scripts/systemd/ifpulse-record.service \
		>$(DESTDIR)$(UNITDIR)/ifpulse-record.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/ifpulse-record.service

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/ifpulse $(DESTDIR)$(MANDIR)/man8/ifpulse.8 \
		$(DESTDIR)$(COMPLETIONDIR)/ifpulse $(DESTDIR)$(UNITDIR)/ifpulse-record.service

clean:
	rm -rf $(BUILD_DIR)

.PHONY: all tools check itest vmtest bench soak fuzzers fuzz fmt lint install uninstall clean
.SECONDARY:
.DELETE_ON_ERROR:

-include $(OBJS:.o=.d) $(BPF_OBJS:.o=.d) $(UNIT_TESTS:=.d) $(TOOLS:$(B)/tools/%=$(B)/tests/tools/%.d) \
	$(FUZZERS:$(B)/%=$(B)/tests/fuzz/%.d)
