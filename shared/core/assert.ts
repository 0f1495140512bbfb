import { Fault } from "./fault.ts";

/** A caller's bug. Never shown to a client: the pipeline answers it as `INTERNAL_ERROR`. */
export class AssertionError extends Fault {
  override readonly name = "AssertionError";
}

/** @throws {AssertionError} if `condition` is false: a bug of ours, never a refusal. */
export function assert(condition: unknown, message = "assertion failed"): asserts condition {
  if (!condition) throw new AssertionError(message);
}
