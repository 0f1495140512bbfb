/** What each route makes of an Idempotency-Key follows from what the route does. */
import { describe, expect, test } from "vitest";
import { useOfKey } from "#shared/pipeline/vain-headers";
import { routes } from "./security/support/table.ts";

const titlesOf = (use: ReturnType<typeof useOfKey>) =>
  routes.flatMap(({ route, title }) => (useOfKey(route) === use ? [title] : [])).toSorted();

/** POSTs that set a state, know what they have done, or change nothing. */
const harmless = [
  "POST /v1/account/deletion/cancel",
  "POST /v1/admin/access-log/search",
  "POST /v1/admin/containments/:containmentId/release",
  "POST /v1/admin/users/:userId/deletion/cancel",
  "POST /v1/admin/users/:userId/keys/revoke",
  "POST /v1/admin/users/:userId/resume",
  "POST /v1/admin/users/:userId/suspend",
  "POST /v1/billing/admin/:userId/limits",
  "POST /v1/environments/:environmentId/dockerfile/validate",
  "POST /v1/environments/:environmentId/files/mkdir",
  "POST /v1/environments/:environmentId/files/upload",
  "POST /v1/environments/:environmentId/set-default",
  "POST /v1/environments/:environmentId/stop",
  "POST /v1/environments/:environmentId/uploads/:uploadId/complete",
  "POST /v1/keys/:keyId/revoke",
  "POST /v1/notifications/confirm",
  "POST /v1/threads/:threadId/cancel",
  "POST /v1/threads/:threadId/generate-title",
  "POST /v1/threads/:threadId/resume",
  "POST /v1/webhooks/triggers/:address",
];

describe("an Idempotency-Key", () => {
  test("is honoured wherever a request holds money", () => {
    const holding = routes.filter(
      ({ route }) => route.kind === "change" && route.account === "hold",
    );
    expect(holding.length).toBeGreaterThan(15);
    const others = holding.filter(({ route }) => useOfKey(route) !== "honoured");
    expect(others.map(({ title }) => title)).toEqual([]);
  });

  test("is refused by a POST that makes a document or a secret and would make it twice", () => {
    const refused = titlesOf("refused");
    expect(refused).toEqual(
      expect.arrayContaining([
        "POST /v1/account/export",
        "POST /v1/agents",
        "POST /v1/environments",
        "POST /v1/environments/:environmentId/downloads",
        "POST /v1/environments/:environmentId/snapshots",
        "POST /v1/environments/:environmentId/uploads",
        "POST /v1/keys/:keyId/rotate",
        "POST /v1/triggers/:triggerId/rotate-secret",
      ]),
    );
    const making = routes.filter(
      ({ route }) => route.kind === "change" && (201 in route.reply || route.account === "quota"),
    );
    const ignoring = making.filter(({ route }) => useOfKey(route) === "ignored");
    expect(ignoring.map(({ title }) => title)).toEqual([]);
  });

  test("is ignored by no other POST that writes than those that are listed with a reason", () => {
    const ignoring = routes.filter(
      ({ route, visibility }) =>
        visibility === "edge" &&
        route.method === "POST" &&
        route.kind !== "query" &&
        useOfKey(route) === "ignored",
    );
    expect(ignoring.map(({ title }) => title).toSorted()).toEqual(harmless.toSorted());
  });

  test("can't be declared harmless where money is held, or beside another rule", () => {
    const odd = routes.filter(
      ({ route }) =>
        route.repeating === "harmless" &&
        (route.method !== "POST" || useOfKey(route) !== "ignored" || route.kind === "query"),
    );
    // One declaration makes both ways of revoking a key.
    expect(odd.map(({ title }) => title)).toEqual(["DELETE /v1/keys/:keyId"]);
  });
});
