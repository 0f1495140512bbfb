/** Requests of a stolen key whose bodies never come whole, and what its owner can do meanwhile. */
import { afterEach, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { type HalfSent, sendHalf } from "../kit/half-sent.ts";
import { anotherKey, newOwner, newThread } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { bodyFor, nobodys, pathFor } from "../security/support/samples.ts";
import { keyRoutes } from "../security/support/table.ts";

/** An instance that works on one request of an owner at a time, and lets one more wait. */
const fairness = { aloneMax: 1, sharedMax: 1, ownerWaitingMax: 1, waitMsMax: 60_000 };
const eachSent = 4;

const halves: HalfSent[] = [];
const asides: FunctionAside[] = [];

afterEach(async () => {
  for (const half of halves.splice(0)) half.drop();
  await Promise.all(asides.splice(0).map((aside) => aside.stop()));
});

describe("KEY-10 what shows and ends a key, and cuts spending", () => {
  test.each(sharedOut(["keys", "billing", "threads"], 3))(
    "is answered by %s while bodies of a stolen key don't come",
    async (name) => {
      const owner = await newOwner({ creditUsd: 0 });
      const stolen = await anotherKey(owner);
      const thread = await newThread(owner.key);
      const [aside] = await startAsides(name, 1, { limits: { fairness } });
      if (!aside) throw new Error("no process");
      asides.push(aside);
      const { baseUrl } = aside;
      const own = keyRoutes.filter((route) => route.name === name);
      const ids = { ...nobodys, key: stolen.keyId, thread };
      const needed = own.filter(
        ({ route }) => route.neededToClose === true || route.requestClass === "closings",
      );
      expect(needed.length).toBeGreaterThan(1);
      for (const route of own.filter((one) => typeof one.route.body !== "string")) {
        const body = { ...bodyFor(route, ids), padding: "x".repeat(60_000) };
        const sent = { method: route.method, key: stolen.key, body, baseUrl };
        for (let count = 0; count < eachSent; count += 1) {
          halves.push(sendHalf(pathFor(route, ids), sent));
        }
      }
      // What was sent before has arrived once this is answered.
      const shown = own.find(({ method, route }) => method === "GET" && route.neededToClose);
      const arrived = shown ? pathFor(shown, ids) : "/v1/none";
      await send(arrived, { key: stolen.key, baseUrl });
      for (const route of needed) {
        const { method } = route;
        const body = bodyFor(route, ids);
        const asked = { method, key: owner.key, baseUrl, ...(body ? { body } : {}) };
        const { status } = await send(pathFor(route, ids), asked);
        expect({ status, of: route.title }).toEqual({ status: 200, of: route.title });
      }
    },
  );
});
