#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# strace's own tests, each as a case: they exit with 0 (pass), 77 (skip) or anything else (failed),
# and say why on stderr.
STRACE=$(pwd)/strace
cd tests || exit 1
. ./settings
scale=${KSFT_TIMEOUT_SCALE:-1}
# One that waits for something that may come by chance tries for half of this.
export STRACE srcdir=. TIMEOUT_DURATION=$((20 * scale))

echo TAP version 13
echo 1..$(wc -l < list)
number=0
failed=0
while read -r test; do
	number=$((number + 1))
	name=${test%.test}
	name=${name%.gen}
	case $test in
	threads-*) on= ;;		# asks for two CPUs
	*) on='taskset 1' ;;		# tracer and tracee only ever take turns
	esac
	read -r began _ < /proc/uptime
	$on ./run.sh ./"$test" > output 2>&1
	status=$?
	read -r ended _ < /proc/uptime
	echo "# $name: from second $began to $ended of the guest"
	case $status in
	0) echo "ok $number $name" ;;
	77) echo "ok $number $name # SKIP $(tr '\n' ' ' < output)" ;;
	*)
		failed=1
		echo "not ok $number $name"
		tail -n 40 output | sed 's/^/# /'
		;;
	esac
done < list
exit $failed
