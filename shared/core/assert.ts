import { Fault } from "./fault.ts";

/** A bug of the caller. Clients never see it: the pipeline answers `INTERNAL_ERROR`. */
export class AssertionError extends Fault {
  override readonly name = "AssertionError";
}

/** @throws {AssertionError} if `condition` is false, which is a bug of ours and never a refusal. */
export function assert(condition: unknown, message = "assertion failed"): asserts condition {
  if (!condition) throw new AssertionError(message);
}
