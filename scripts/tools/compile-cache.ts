/** Compiled code that the processes of a test run share. */
import { join } from "node:path";
import { repositoryRoot } from "./repository.ts";

/** Next to the packages, so that nothing outlives a fresh installation. */
export const compileCacheFolder = join(
  repositoryRoot,
  "node_modules",
  ".cache",
  "paddock-compiled",
);

/**
 * Has every Node process that this one starts keep what it compiles. A run starts hundreds, and
 * stripping types from a script and compiling it with its packages is half of its start.
 */
export function shareCompiledCode(): void {
  process.env.NODE_COMPILE_CACHE ??= compileCacheFolder;
}
