import { parseKernelVersion, type KernelVersion } from "../model/kernel-version.ts";

/** A version that a test writes down; what is none is the test's mistake. */
export function kernelVersion(text: string): KernelVersion {
  const parsed = parseKernelVersion(text);
  if (!parsed) throw new Error(`"${text}" is no version`);
  return parsed;
}
