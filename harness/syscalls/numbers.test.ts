import test from "ava";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readNumbers } from "./numbers.ts";

test("errors and signals are those of the architecture's headers, or the generic ones", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "numbers-"));
  t.teardown(() => rm(dir, { recursive: true }));
  const files = {
    "include/uapi/asm-generic/errno-base.h": "#define\tEPERM\t\t 1\t/* no */\n",
    "include/uapi/asm-generic/errno.h":
      "#include <asm-generic/errno-base.h>\n#define\tEDEADLK\t35\n#define EDEADLOCK EDEADLK\n#define ENOSYS 38\n",
    "include/uapi/asm-generic/signal-defs.h": "#ifndef SIGSTOP\n#define SIGSTOP 19\n#endif\n",
    "include/uapi/asm-generic/signal.h":
      "#define SIGABRT 6\n#define SIGIOT 6\n#define SIGRTMAX _NSIG\n#include <asm-generic/signal-defs.h>\n",
    "arch/own/include/uapi/asm/errno.h":
      "#include <asm-generic/errno-base.h>\n#define ENOSYS 89\n# define EDQUOT 1133\n",
    "arch/own/include/uapi/asm/signal.h":
      "#include <linux/types.h>\n#define SIGIOT 6 /* old */\n#define SIGABRT SIGIOT\n#define SIGSTOP 23\n#define SIG_BLOCK 1\n#include <asm-generic/signal-defs.h>\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  t.deepEqual(await readNumbers(dir, "other"), {
    errors: { EPERM: 1, EDEADLK: 35, EDEADLOCK: 35, ENOSYS: 38 },
    signals: { SIGABRT: 6, SIGSTOP: 19 },
  });
  t.deepEqual(await readNumbers(dir, "own"), {
    errors: { EPERM: 1, ENOSYS: 89, EDQUOT: 1133 },
    signals: { SIGABRT: 6, SIGSTOP: 23 },
  });
  t.deepEqual(await readNumbers(path.join(dir, "nothing"), "own"), { errors: {}, signals: {} });
});
