/** Every JSON route refuses what isn't JSON with the right status, never with a 500. */
import { beforeAll, describe, test } from "vitest";
import { cloud } from "../kit/cloud.ts";
import { newOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { keyRoutes, operatorRoutes, type TableRoute } from "./support/table.ts";

const json = { "content-type": "application/json" };
const jsonRoutes = [...keyRoutes, ...operatorRoutes].filter(
  ({ route }) => typeof route.body !== "string",
);

let key: string;
beforeAll(async () => {
  ({ key } = await newOwner({ creditUsd: 0 }));
});

async function sendTo(route: TableRoute, raw: string, headers: Record<string, string> = json) {
  const credential = route.route.authenticate === "api-key" ? key : cloud().operatorToken;
  // The test's own body replaces the sample.
  return await ask(route, { key: credential, raw, headers, body: undefined });
}

describe("a body that a route doesn't take", () => {
  test.each(sharedOut(jsonRoutes, 4))("$title refuses what isn't JSON", async (route) => {
    expectRefusal(await sendTo(route, "{"), 400, "MALFORMED_JSON");
  });

  test.each(sharedOut(jsonRoutes, 4))("$title refuses another content type", async (route) => {
    const headers = { "content-type": "text/plain" };
    expectRefusal(await sendTo(route, "{}", headers), 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  test.each(sharedOut(jsonRoutes, 4))("$title refuses what is too large", async (route) => {
    const raw = JSON.stringify("x".repeat(route.route.bodyBytesMax));
    expectRefusal(await sendTo(route, raw), 413, "PAYLOAD_TOO_LARGE");
  });

  test.each(sharedOut(jsonRoutes, 4))("$title refuses what is no object", async (route) => {
    for (const raw of ['"text"', "[]", "null", "7"]) {
      expectRefusal(await sendTo(route, raw), 400, "VALIDATION_FAILED");
    }
  });
});
