import { Failure } from "../model/failure.ts";
import type { Syscalls, SyscallCall, SyscallsAbi } from "../syscalls.ts";
import type { Stop } from "./machine.ts";

/** What an interpreter takes a stop for. */
export type Reading =
  | CallReading<"entry">
  | CallReading<"seccomp">
  | {
      readonly op: "exit";
      readonly abi: string;
      readonly value: bigint;
      readonly isError: boolean;
    }
  /** No system call is being entered or left here. */
  | { readonly op: "none" }
  /** The interpreter cannot tell. */
  | { readonly op: "unknown"; readonly why: string };

interface CallReading<Op extends string> {
  readonly op: Op;
  /** Name of an ABI, or the number of an architecture that is not described. */
  readonly abi: string;
  readonly nr: bigint;
  readonly call?: SyscallCall;
  /** Six, whatever the call takes. */
  readonly args: readonly bigint[];
}

/** Makes something of stops. Each stop of a trace is shown to it once, in order. */
export interface Interpreter {
  readonly name: string;
  /** undefined for stops that have nothing to do with system calls. */
  read(stop: Stop): Reading | undefined;
}

/** include/linux/errno.h: never seen by programs, but by tracers. */
const restartErrors: Readonly<Record<string, number>> = {
  ERESTARTSYS: 512,
  ERESTARTNOINTR: 513,
  ERESTARTNOHAND: 514,
  ERESTART_RESTARTBLOCK: 516,
};

/** Finds calls, errors and signals in the description of a kernel. */
export class CallTable {
  readonly #byAbi = new Map<string, ReadonlyMap<number, SyscallCall>>();
  readonly #abis: readonly SyscallsAbi[];
  readonly #errors: Readonly<Record<string, number>>;
  readonly #signals: Readonly<Record<string, number>>;

  constructor(syscalls: Syscalls) {
    this.#abis = syscalls.abis;
    this.#errors = { ...syscalls.errors, ...restartErrors };
    this.#signals = syscalls.signals;
    for (const { name, calls } of syscalls.abis)
      this.#byAbi.set(name, new Map(calls.map((call) => [call.nr, call])));
  }

  /** The architecture's own ABI. */
  get nativeAbi(): string | undefined {
    return this.#abis[0]?.name;
  }

  call(abi: string, nr: bigint): SyscallCall | undefined {
    return this.#byAbi.get(abi)?.get(Number(nr));
  }

  /** The ABI of a call that is made under this AUDIT_ARCH_*: a bit of the number may decide. */
  abiOf(auditArch: number, nr: bigint): string {
    const candidates = this.#abis.filter((abi) => abi.auditArch === auditArch);
    // -1 has all bits: it is what a tracer or a filter writes to skip the call.
    const special = candidates.find(
      ({ numberBit }) => numberBit !== undefined && nr >= 0n && (Number(nr) & numberBit) !== 0,
    );
    const plain = candidates.find(({ numberBit }) => numberBit === undefined);
    return (special ?? plain)?.name ?? `arch ${auditArch.toString(16)}`;
  }

  bits(abi: string): 32 | 64 {
    return this.#abis.find(({ name }) => name === abi)?.bits ?? 64;
  }

  /** An error by its name, the kernel's internal ones among them. */
  errorName(errno: number): string {
    return nameOf(errno, this.#errors) ?? `errno ${errno}`;
  }

  signalName(signal: number): string {
    return nameOf(signal, this.#signals) ?? `signal ${signal}`;
  }

  /** The number of an error, such as "ENOSYS". Throws Failure "no-such-name". */
  errno(name: string): number {
    return numberOf(name, this.#errors);
  }

  /** The number of a signal, such as "SIGSTOP". Throws Failure "no-such-name". */
  signal(name: string): number {
    return numberOf(name, this.#signals);
  }

  /** Numbers of a native call by name, for those who make calls; undefined when the kernel has it not. */
  number(name: string, abi = this.nativeAbi): number | undefined {
    const calls = this.#abis.find((each) => each.name === abi)?.calls;
    return calls?.find((call) => call.name === name && call.entry !== "sys_ni_syscall")?.nr;
  }
}

function nameOf(number: number, names: Readonly<Record<string, number>>): string | undefined {
  return Object.entries(names).find(([, each]) => each === number)?.[0];
}

function numberOf(name: string, names: Readonly<Record<string, number>>): number {
  const number = names[name];
  if (number !== undefined) return number;
  throw new Failure({
    reason: "no-such-name",
    blame: "infra",
    what: `the headers of this kernel do not define ${name}`,
  });
}
