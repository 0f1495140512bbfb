import { ModelMeter } from "../core/money/model-meter.ts";
import type { Owner } from "../identity/owner.ts";
import { ownedCollection, type Ref } from "./documents.ts";
import type { Execution } from "./executions.ts";
import type { FoundDocument } from "./read-document.ts";
import type { ReadStore } from "./store.ts";

/** One document per execution that has made model calls: `models`. */
export const modelMeters = ownedCollection(["executions", "meters"], ModelMeter);

export type FoundMeter = FoundDocument<typeof ModelMeter>;

export function meterOf(owner: Owner, executionId: string): Ref<typeof ModelMeter> {
  return modelMeters.of(owner, executionId, "models");
}

/**
 * The meter of an execution that is about to end; null if it made no model calls, which its hold
 * says without a read. The commit that ends it must close the meter in the same commit.
 */
export async function readMeter(
  store: ReadStore,
  owner: Owner,
  { id, modelHoldMicrousd }: Pick<Execution, "id" | "modelHoldMicrousd">,
): Promise<FoundMeter | null> {
  if (modelHoldMicrousd === 0) return null;
  return await store.require(meterOf(owner, id));
}
