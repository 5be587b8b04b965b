/** Console texts as real kernels write them (x86_64, 6.12), for the fake QEMU. */

export function oopsText(fn: string): string {
  return `[    2.104551] BUG: kernel NULL pointer dereference, address: 0000000000000018
[    2.104887] #PF: supervisor read access in kernel mode
[    2.105120] #PF: error_code(0x0000) - not-present page
[    2.105377] PGD 0 P4D 0 
[    2.105502] Oops: Oops: 0000 [#1] SMP
[    2.105711] CPU: 1 UID: 0 PID: 71 Comm: wait6_basic Not tainted 6.12.117 #1
[    2.106012] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009)
[    2.106290] RIP: 0010:${fn}+0x2d/0x110
[    2.106502] Code: 48 89 fb 48 83 ec 10 65 48 8b 04 25 28 00 00 00 <48> 8b 47 18
[    2.106995] RSP: 0018:ffffa0b7401d7e78 EFLAGS: 00010246
[    2.107244] Call Trace:
[    2.107377]  <TASK>
[    2.107491]  do_syscall_64+0x4b/0x110
[    2.107680]  entry_SYSCALL_64_after_hwframe+0x76/0x7e
[    2.107931]  </TASK>
[    2.108047] ---[ end trace 0000000000000000 ]---
`;
}

export function warnText(fn: string): string {
  return `[    2.204551] ------------[ cut here ]------------
[    2.204790] WARNING: CPU: 0 PID: 72 at kernel/exit.c:1571 ${fn}+0x8c/0x120
[    2.205110] CPU: 0 UID: 0 PID: 72 Comm: wait6_basic Not tainted 6.12.117 #1
[    2.205377] RIP: 0010:${fn}+0x8c/0x120
[    2.205711] Call Trace:
[    2.205802]  <TASK>
[    2.206012]  do_syscall_64+0x4b/0x110
[    2.206290]  </TASK>
[    2.206502] ---[ end trace 0000000000000000 ]---
`;
}

export function panicText(reason: string): string {
  return `[    2.304551] Kernel panic - not syncing: ${reason}
[    2.304790] CPU: 0 UID: 0 PID: 73 Comm: wait6_basic Not tainted 6.12.117 #1
[    2.305110] Kernel Offset: disabled
[    2.305377] Rebooting in 1 seconds..
`;
}
