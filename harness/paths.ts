import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The project folder: the one with package.json, seen from harness/ and from build/harness/ alike. */
export const projectDir = (() => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const parent = path.dirname(here);
  return path.basename(parent) === "build" ? path.dirname(parent) : parent;
})();

/**
 * Where everything that can be made again is kept: $XDG_CACHE_HOME/harness or ~/.cache/harness
 * (XDG Base Directory Specification; a relative value is ignored, as it demands).
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env["XDG_CACHE_HOME"];
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(os.homedir(), ".cache");
  return path.join(base, "harness");
}

/** Programs that the host has not: of other releases of its distribution, and kernel.org's compilers. */
export function toolchainsDir(): string {
  return path.join(cacheDir(), "toolchains");
}
