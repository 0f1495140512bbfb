import { setFlagsFromString } from "node:v8";

/**
 * Has V8 collect new buffers once they hold some megabytes. By default it waits until they hold
 * 128, since all that it counts in its own heap of a buffer is a hundred bytes: a function through
 * which files go would hold as much that nobody needs. V8 multiplies this option for that limit. It
 * sets nothing else once V8 has started, and compiled code stays good.
 */
export function collectBuffersEarly(): void {
  setFlagsFromString("--scavenger-max-new-space-capacity-mb=1");
}
