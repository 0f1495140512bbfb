/** What becomes of a delivery whose signature was checked. */
import { expect, test } from "vitest";
import { ApiError } from "../errors/api-error.ts";
import { pauseReasonOf } from "../executions/pause-refusal.ts";
import { mintOwner } from "../identity/owner.ts";
import { triggers } from "../store/triggers.ts";
import { decideDelivery } from "./decide-delivery.ts";

const open = { admission: { suspendedAt: null, closedKeys: {} }, contained: {} };

test.each([
  ["the environment", { contained: { env_1: 1 } }, {}],
  ["the key", { contained: { key_1: 1 } }, {}],
  ["a key that it was rotated from", { contained: { key_0: 1 } }, {}],
  ["the key, as its document says", {}, { acting: "held" }],
  ["the account", { admission: { suspendedAt: 1, closedKeys: {} } }, {}],
])("INC-4 a delivery waits while %s is held, and pauses nothing", (_what, held, changes) => {
  const owner = mintOwner(`user_${"0".repeat(21)}`, "production");
  const trigger = { id: "trigger_1", environmentId: "env_1", agentId: null, enabled: true };
  const value = { ...trigger, generation: 1 };
  const found = { ref: triggers.of(owner, value.id), value, version: {} };
  const acting = { key: { id: "key_1", lineageId: "key_0", scopes: [] }, owner };
  const decide = () =>
    decideDelivery({
      ...{ owner, now: 1_000, account: { ...open, ...held } },
      basis: { found, earlier: null, acting, environment: null, agent: null, ...changes },
      delivering: { generation: 1, ignoredBy: () => null, deliveryId: "d", payloadJson: "{}" },
    } as never);
  expect(decide).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  // What a start in a held environment is refused with would pause the trigger.
  expect(pauseReasonOf(new ApiError("UNAVAILABLE"))).toBeNull();
  expect(pauseReasonOf(new ApiError("FORBIDDEN"))).toBe("refused");
});
