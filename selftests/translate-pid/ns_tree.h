/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tree of pid namespaces with two processes in each, and what is true of it:
 *
 *	0 (the test's own) -+- 1 -+- 2 --- 3
 *	                    |     +- 4
 *	                    +- 5
 *
 * An ordinary process has a different number in each namespace it is in, but
 * the same innermost number as its counterpart in the sibling namespace: a
 * translation that takes the wrong level, or only looks at the level, is wrong
 * by the number.
 */
#ifndef SELFTESTS_NS_TREE_H
#define SELFTESTS_NS_TREE_H

#include "translate_pid.h"

#define NR_NS 6
#define NR_MEMBERS (2 * NR_NS)
/* Members 2 * ns and 2 * ns + 1 are ns's init and its ordinary process. */
#define INIT_OF(ns) (2 * (ns))
#define ORDINARY_OF(ns) (2 * (ns) + 1)

static const struct {
	int parent, level;
	int burn;	/* pids used up in it before its processes are made */
} ns_tree[NR_NS] = {
	{ -1, 0, 0 }, { 0, 1, 3 }, { 1, 2, 5 }, { 2, 3, 9 }, { 1, 2, 5 },
	{ 0, 1, 4 },
};

struct member {
	pid_t outer;		/* what /proc/self says: the number in 0 */
	pid_t inner;		/* getpid() */
	pid_t in_parent_ns;	/* what clone() returned to the parent */
	int nr_count;		/* ns_tree[].level + 1 */
	pid_t nr[MAX_LEVELS];	/* NSpid */
};

static struct member *members;
static int ns_fd[NR_NS];
static int tree_ready[2];

static void member_is_born(int member)
{
	members[member].outer = outer_pid();
	members[member].inner = getpid();
	signal_pipe(tree_ready[1]);
}

static void live_in(void *arg)
{
	int ns = (intptr_t)arg, i;
	pid_t pid;

	if (ns)
		member_is_born(INIT_OF(ns));
	burn_pids(ns_tree[ns].burn);
	/* Before those of namespaces within use up pids of this one too. */
	pid = spawn();
	if (pid == 0) {
		member_is_born(ORDINARY_OF(ns));
		for (;;)
			pause();
	}
	for (i = 1; i < NR_NS; i++) {
		if (ns_tree[i].parent != ns)
			continue;
		pid = spawn_init(live_in, (void *)(intptr_t)i);
		members[INIT_OF(i)].in_parent_ns = pid;
	}
	signal_pipe(tree_ready[1]);
	if (ns)
		idle_init(NULL);
}

/* True if ns a is b or one of its ancestors: b's processes have pids in a. */
static inline bool encloses(int a, int b)
{
	for (; b >= 0; b = ns_tree[b].parent)
		if (a == b)
			return true;
	return false;
}

/* The number of a member in a namespace, or 0. */
static inline pid_t number_in(int member, int ns)
{
	return encloses(ns, member / 2) ?
		members[member].nr[ns_tree[ns].level] : 0;
}

/* Makes the tree, opens its namespaces, and reads the numbers from procfs. */
static inline void grow_tree(void)
{
	int i, j, k;

	members = shared_memory(NR_MEMBERS * sizeof(*members));
	EXPECT_OK(pipe(tree_ready));
	members[INIT_OF(0)].outer = outer_pid();
	members[INIT_OF(0)].inner = getpid();
	live_in((void *)0);
	/* Each member but the test itself, and the end of each live_in(). */
	for (i = 0; i < NR_MEMBERS - 1 + NR_NS; i++)
		wait_pipe(tree_ready[0]);

	for (i = 0; i < NR_MEMBERS; i++) {
		struct member *m = &members[i];

		m->nr_count = nspid_of(m->outer, m->nr);
		/* The premises: a failure here says nothing of the kernel. */
		EXPECT_EQ(m->nr_count, ns_tree[i / 2].level + 1);
		EXPECT_EQ(m->nr[0], m->outer);
		EXPECT_EQ(m->nr[m->nr_count - 1], m->inner);
		for (j = 0; j < m->nr_count; j++)
			for (k = 0; k < j; k++)
				EXPECT(m->nr[j] != m->nr[k],
				       "member %d has %d twice", i, m->nr[j]);
	}
	EXPECT_EQ(members[ORDINARY_OF(2)].inner, members[ORDINARY_OF(4)].inner);
	for (i = 0; i < NR_NS; i++)
		ns_fd[i] = pid_ns_of(members[INIT_OF(i)].outer);
}

/* Every member, from every namespace it is in, to every namespace. */
static inline void check_whole_tree(void)
{
	int m, s, t;

	for (m = 0; m < NR_MEMBERS; m++)
		for (s = 0; s < NR_NS; s++)
			for (t = 0; t < NR_NS; t++)
				if (number_in(m, s))
					EXPECT_TRANSLATED(number_in(m, s),
							  ns_fd[s], ns_fd[t],
							  number_in(m, t));
}

/* The same, with each of minus's values where it stands for ns own. */
static inline void check_own_namespace(int own, int minus)
{
	int m, other;

	for (m = 0; m < NR_MEMBERS; m++) {
		for (other = 0; other < NR_NS; other++) {
			if (number_in(m, own))
				EXPECT_TRANSLATED(number_in(m, own), minus,
						  ns_fd[other],
						  number_in(m, other));
			if (number_in(m, other))
				EXPECT_TRANSLATED(number_in(m, other),
						  ns_fd[other], minus,
						  number_in(m, own));
		}
		if (number_in(m, own))
			EXPECT_TRANSLATED(number_in(m, own), minus, minus,
					  number_in(m, own));
	}
}

#endif /* SELFTESTS_NS_TREE_H */
