/** An account is open only once nothing suspends it any more: operator, deletion or incident. */
import { beforeEach, describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { send } from "../kit/client.ts";
import { operatorTokenFor } from "../kit/cloud.ts";
import { asOperator, newOwner, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;

beforeEach(async () => {
  owner = await newOwner({ creditUsd: 0 });
});

const isOpen = async () => (await send("/v1/agents", { key: owner.key })).status === 200;

async function operate(path: string, body: object = {}) {
  const answer = await asOperator(`/v1/admin${path}`, body);
  expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
  return answer.json;
}

async function release(id: string) {
  const key = await operatorTokenFor(firstOperator);
  return await send(`/v1/admin/containments/${id}/release`, { key, method: "POST" });
}

async function contain(): Promise<string> {
  const { id } = await operate("/incidents", { title: "a leak", userIds: [owner.id] });
  const target = { target: "owner", userId: owner.id };
  return (await operate(`/incidents/${id}/contain`, target)).id;
}

async function orderDeletion(): Promise<string> {
  const ordered = await send("/v1/account", { key: owner.key, method: "DELETE" });
  expect(ordered.status, ordered.text).toBe(200);
  return ordered.json.receipt;
}

const cancel = async (receipt: string) =>
  (await send("/v1/account/deletion/cancel", { body: { receipt } })).status;
const suspend = async () => await operate(`/users/${owner.id}/suspend`);
const resume = async () => await asOperator(`/v1/admin/users/${owner.id}/resume`, {});

describe("INC-4 an account that several things suspend", () => {
  test.runIf(isTurn(0, 2))(
    "isn't opened by the receipt of its deletion once an operator has suspended it",
    async () => {
      const receipt = await orderDeletion();
      await suspend();
      expect(await cancel(receipt)).toBe(200);
      expect(await isOpen()).toBe(false);
      expect((await resume()).status).toBe(200);
      expect(await isOpen()).toBe(true);
    },
  );

  test.runIf(isTurn(1, 2))(
    "can be contained while its deletion waits, which freezes its evidence",
    async () => {
      const receipt = await orderDeletion();
      const containment = await contain();
      const frozen = await firestore().doc(`evidenceFreezes/${owner.id}`).get();
      expect(Object.keys(frozen.get("incidents"))).toHaveLength(1);
      expect(await cancel(receipt)).toBe(200);
      expect(await isOpen()).toBe(false);
      expect((await resume()).json).toMatchObject({ code: "CONFLICT" });
      expect((await release(containment)).status).toBe(200);
      expect(await isOpen()).toBe(true);
    },
  );

  test.runIf(isTurn(0, 2))(
    "isn't opened by releasing its containment while its deletion waits",
    async () => {
      const containment = await contain();
      const key = await operatorTokenFor(firstOperator);
      await send(`/v1/admin/users/${owner.id}`, { key, method: "DELETE" });
      expect((await firestore().doc(`accountDeletions/${owner.id}`).get()).get("state")).toBe(
        "pending",
      );
      expect((await release(containment)).status).toBe(200);
      expect(await isOpen()).toBe(false);
    },
  );

  test.runIf(isTurn(1, 2))(
    "takes no money while its deletion waits, which would be in no archive",
    async () => {
      const receipt = await orderDeletion();
      const credit = async () =>
        (await asOperator(`/v1/admin/users/${owner.id}/credit`, { amount: 1 })).status;
      expect(await credit()).toBe(409);
      expect(await cancel(receipt)).toBe(200);
      expect(await credit()).toBe(200);
    },
  );

  test.runIf(isTurn(0, 2))(
    "isn't opened by one of two containments, nor by one after an operator",
    async () => {
      const [first, second] = [await contain(), await contain()];
      expect((await release(first)).status).toBe(200);
      expect(await isOpen()).toBe(false);
      await suspend();
      expect((await release(second)).status).toBe(200);
      expect(await isOpen()).toBe(false);
      expect((await resume()).status).toBe(200);
      expect(await isOpen()).toBe(true);
    },
  );

  test.runIf(isTurn(1, 2))("stays suspended if it was so before reasons were stored", async () => {
    await suspend();
    const account = firestore().doc(`owners/${owner.id}/account/budget`);
    await account.update({ suspensions: {} });
    const containment = await contain();
    expect((await release(containment)).status).toBe(200);
    expect(await isOpen()).toBe(false);
    expect((await resume()).status).toBe(200);
    expect(await isOpen()).toBe(true);
  });
});

test("KEY-10 an account can be shut while what runs goes on, and opened again", async () => {
  const path = `/users/${owner.id}`;
  const shut = await operate(`${path}/suspend`, { keepExecutions: true });
  expect(shut).toMatchObject({ state: "suspended", executionsStopped: false });
  expect(await isOpen()).toBe(false);
  expect((await firestore().doc(`keyFollowUps/${owner.id}`).get()).exists).toBe(false);
  await operate(`${path}/resume`);
  expect(await isOpen()).toBe(true);
});
