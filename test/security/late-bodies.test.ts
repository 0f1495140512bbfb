/** Callers that lose their right while the bodies of their requests are still on their way. */
import { describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { send } from "../kit/client.ts";
import { operationsOf, operatorTokenFor, until } from "../kit/cloud.ts";
import { sendHalf } from "../kit/half-sent.ts";
import { newOperator } from "../kit/operators.ts";
import { anotherKey, newOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { bodyFor, nobodys, pathFor } from "./support/samples.ts";
import { keyRoutes, operatorRoutes, type TableRoute } from "./support/table.ts";

const takesJson = ({ route }: TableRoute) => typeof route.body !== "string";

describe("KEY-9 an operator that is removed before the last byte of its requests came", () => {
  test("does nothing, whatever route it called", async () => {
    const leaving = await newOperator("leaving");
    const owner = await newOwner({ creditUsd: 0 });
    const ids = { ...nobodys, user: owner.id };
    const began = [];
    for (const route of operatorRoutes.filter(takesJson)) {
      const { reads } = await operationsOf("admin");
      const body = bodyFor(route, ids) ?? {};
      const sent = { method: route.method, key: leaving.token, body };
      began.push({ route, half: sendHalf(pathFor(route, ids), sent) });
      // The operator's document has been read for it.
      await until(`the caller of ${route.title}`, async () => {
        return (await operationsOf("admin")).reads > reads;
      });
    }
    const removed = await send("/v1/admin/operators/remove", {
      key: await operatorTokenFor(firstOperator),
      body: { email: leaving.email },
    });
    expect(removed.status).toBe(200);
    for (const { route, half } of began) {
      expect(await half.finish(), route.title).toEqual({ status: 403, code: "FORBIDDEN" });
    }
    expect(began.length).toBeGreaterThan(8);
    expect((await auditOf(owner.id)).map(({ action }) => action)).toEqual(["owner.created"]);
    const found = firestore().collection("operators").where("email", "==", leaving.email);
    const [id] = (await found.get()).docs.map((doc) => doc.get("id"));
    expect(id).toMatch(/^op_/);
    for (const place of ["owners", "operators"]) {
      const made = await firestore().collection(place).where("createdBy", "==", id).count().get();
      expect(made.data().count, place).toBe(0);
    }
  });
});

describe("KEY-5 a key that is revoked before the last byte of its requests came", () => {
  test("does nothing, whatever route it called", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const key = await anotherKey(owner);
    const began = [];
    for (const route of keyRoutes.filter(takesJson)) {
      const sent = { method: route.method, key: key.key, body: bodyFor(route) ?? {} };
      began.push({ route, half: sendHalf(pathFor(route), sent) });
      // The first read of a route's function is that of the key; later ones come once a second.
      expect((await send("/v1/agents", { key: key.key })).status).toBe(200);
    }
    const revoke = `/v1/keys/${key.keyId}/revoke`;
    expect((await send(revoke, { key: owner.key, body: {} })).status).toBe(200);
    for (const { route, half } of began) {
      expect(await half.finish(), route.title).toEqual({ status: 401, code: "UNAUTHORIZED" });
    }
  });
});
