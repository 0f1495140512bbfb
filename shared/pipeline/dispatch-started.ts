import { deferDispatch, dispatch, type Queued } from "../executions/dispatch.ts";
import type { Owner } from "../identity/owner.ts";
import type { Store } from "../store/store.ts";
import { logFailure } from "./request-log.ts";

/** For this long after the platform had no room, new executions queue behind those that wait. */
export const standBackMs = 5_000;
let standBackUntil = 0;

/** Dispatches what was just committed; if that fails, it stays queued for the outbox. */
export async function dispatchStarted(store: Store, owner: Owner, queued: Queued): Promise<void> {
  try {
    if (queued.now() < standBackUntil) return await deferDispatch(store, owner, queued);
    const outcome = await dispatch(store, owner, queued);
    if (outcome === "full") standBackUntil = queued.now() + standBackMs;
  } catch (cause) {
    const { id: executionId } = queued.execution;
    logFailure("dispatch failed; the execution stays queued", cause, { executionId });
  }
}
