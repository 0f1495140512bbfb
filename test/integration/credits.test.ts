/** Money that operators move: small sums alone, large ones by two of them. */
import { beforeAll, describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { expectBalanced, expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { cloud, operatorTokenFor } from "../kit/cloud.ts";
import { namedOperator, newOperator, type Operator, vouchFor } from "../kit/operators.ts";
import { asOperator, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { auditOf, firestore } from "../kit/store.ts";

/** More than the deployment lets one operator move alone. */
const largeUsd = 2_000;
let second: string;
let third: string;

async function order(owner: TestOwner, body: object, what = "credit") {
  return await asOperator(`/v1/admin/users/${owner.id}/${what}`, body);
}

async function balanceOf({ key }: TestOwner): Promise<number> {
  return (await send("/v1/budget", { key })).json.balance;
}

async function requested(amount = largeUsd) {
  const owner = await newOwner({ creditUsd: 0 });
  const asked = await order(owner, { amount });
  expect(asked).toMatchObject({ status: 202, json: { success: false, pending: { amount } } });
  const { id } = asked.json.pending;
  const decide = async (key: string, what: "confirm" | "decline") =>
    await send(`/v1/admin/users/${owner.id}/credit-requests/${id}/${what}`, {
      key,
      method: "POST",
    });
  return { owner, id, decide };
}

beforeAll(async () => {
  const named = await namedOperator();
  const vouched = await newOperator("vouched");
  expect((await vouchFor(named.token, vouched)).status).toBe(200);
  [second, third] = [named.token, vouched.token];
});

describe("money above what one operator may move", () => {
  test("is moved once another operator confirms, and never by who asked", async () => {
    const { owner, id, decide } = await requested();
    expect(await balanceOf(owner)).toBe(0);
    const own = await decide(await operatorTokenFor(firstOperator), "confirm");
    expect(own).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
    expect(await balanceOf(owner)).toBe(0);
    expect((await decide(second, "confirm")).json.request).toMatchObject({
      id,
      state: "confirmed",
    });
    expect((await decide(second, "confirm")).json.request.state).toBe("confirmed");
    expect(await balanceOf(owner)).toBe(largeUsd);
    const actions = (await auditOf(owner.id)).map(({ action }) => action);
    expect(actions).toEqual([
      "owner.created",
      "budget.credit_requested",
      "budget.credit_confirmed",
    ]);
    await expectBalanced(owner);
  });

  test("is moved once when two confirm at the same moment", async () => {
    const { owner, decide } = await requested();
    const answers = await Promise.all([decide(second, "confirm"), decide(third, "confirm")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await balanceOf(owner)).toBe(largeUsd);
    await expectBalanced(owner);
  });

  test.runIf(isTurn(0, 2))(
    "isn't moved when it is declined, or when its time is over",
    async () => {
      const [declined, expired] = await Promise.all([requested(), requested()]);
      expect((await declined.decide(second, "decline")).json.request.state).toBe("declined");
      expect(await declined.decide(third, "confirm")).toMatchObject({
        status: 409,
        json: { code: "CONFLICT", message: "This request has been declined already." },
      });
      const path = `owners/${expired.owner.id}/creditRequests/${expired.id}`;
      await firestore()
        .doc(path)
        .update({ expiresAt: Date.now() - 1 });
      expect((await expired.decide(second, "confirm")).status).toBe(409);
      const listed = await send(`/v1/admin/users/${expired.owner.id}/credit-requests`, {
        key: second,
      });
      expect(listed.json.data).toMatchObject([{ id: expired.id, state: "expired" }]);
      expect(await balanceOf(declined.owner)).toBe(0);
      expect(await balanceOf(expired.owner)).toBe(0);
    },
  );

  test("isn't confirmed by an operator who was made after it was asked for", async () => {
    const { owner, decide } = await requested();
    const later = await namedOperator();
    expect((await decide(later.token, "confirm")).status).toBe(403);
    expect(await balanceOf(owner)).toBe(0);
  });

  test("isn't confirmed by anybody whom one person can have made, until a second vouches", async () => {
    const [own, other] = [await newOperator("own"), await newOperator("other")];
    const [ofOwn] = [await newOperator("of-own", own.token)];
    const { owner, id, decide } = await requested();
    for (const { token } of [own, other, ofOwn]) {
      expect((await decide(token, "confirm")).json.code).toBe("FORBIDDEN");
    }
    // Asked for by one that the first operator made, and confirmed by another.
    const path = `/v1/admin/users/${owner.id}/credit`;
    const asked = await send(path, { key: own.token, body: { amount: largeUsd } });
    const ofOwns = `/v1/admin/users/${owner.id}/credit-requests/${asked.json.pending.id}/confirm`;
    const confirm = async ({ token }: Operator) =>
      await send(ofOwns, { key: token, method: "POST" });
    for (const operator of [other, ofOwn]) expect((await confirm(operator)).status).toBe(403);
    expect((await vouchFor(own.token, other)).status).toBe(403);
    expect((await vouchFor(own.token, ofOwn)).status).toBe(403);
    expect(await balanceOf(owner)).toBe(0);
    expect((await vouchFor(second, other)).status).toBe(200);
    expect((await confirm(other)).status).toBe(200);
    expect((await decide(other.token, "confirm")).json.request).toMatchObject({ id });
    expect(await balanceOf(owner)).toBe(2 * largeUsd);
  });

  test("isn't moved by one person, whichever operators make and remove each other", async () => {
    const root = await namedOperator();
    const first = await newOperator("first", root.token);
    const made = await newOperator("made", first.token);
    const { email } = first;
    const body = { key: made.token, body: { email } };
    expect((await send("/v1/admin/operators/remove", body)).status).toBe(200);
    expect((await send("/v1/admin/operators", body)).status).toBe(201);
    for (const { token } of [root, made]) {
      expect((await vouchFor(token, first)).json.code).toBe("FORBIDDEN");
    }
    const owner = await newOwner({ creditUsd: 0 });
    const path = `/v1/admin/users/${owner.id}/credit`;
    const asked = await send(path, { key: root.token, body: { amount: largeUsd } });
    const confirm = `${path}-requests/${asked.json.pending.id}/confirm`;
    for (const { token } of [first, made]) {
      const answer = await send(confirm, { key: token, method: "POST" });
      expect(answer.json.code).toBe("FORBIDDEN");
    }
    expect(await balanceOf(owner)).toBe(0);
    // The second operator is another person: the deployment named it.
    expect((await send(confirm, { key: second, method: "POST" })).status).toBe(200);
  });

  test("isn't moved in many small sums either", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    expect((await order(owner, { amount: 600 })).status).toBe(200);
    expect((await order(owner, { amount: 600 })).status).toBe(202);
    expect((await order(owner, { amount: 400 })).status).toBe(200);
    const taken = await order(owner, { amount: -1, description: "a slip" }, "adjustments");
    expect(taken.status).toBe(202);
    expect(await balanceOf(owner)).toBe(1_000);
  });

  test("is asked for once, however often the same request is sent", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const ask = async (amount: number) =>
      await send(`/v1/admin/users/${owner.id}/credit`, {
        key: cloud().operatorToken,
        body: { amount },
        headers: { "idempotency-key": "once" },
      });
    const [first, again] = [await ask(largeUsd), await ask(largeUsd)];
    expect(again.json.pending.id).toBe(first.json.pending.id);
    expect((await ask(largeUsd + 1)).json.code).toBe("IDEMPOTENCY_CONFLICT");
    const listed = await send(`/v1/admin/users/${owner.id}/credit-requests`, { key: second });
    expect(listed.json.total_count).toBe(1);
  });

  test("is nothing an API key can ask for or confirm", async () => {
    const { owner, decide } = await requested();
    expect((await decide(owner.key, "confirm")).status).toBe(401);
    const path = `/v1/admin/users/${owner.id}/credit`;
    expect((await send(path, { key: owner.key, body: { amount: 1 } })).status).toBe(401);
  });
});

describe("KEY-9 an operator whose right was taken away", () => {
  test("does nothing any more, until it is made one again, under the same id", async () => {
    const { email, token } = await newOperator("leaving");
    const list = async () => await send("/v1/admin/peppers", { key: token });
    expect((await list()).status).toBe(200);
    const removed = await asOperator("/v1/admin/operators/remove", { email });
    expect((await list()).status).toBe(403);
    expect((await asOperator("/v1/admin/operators/remove", { email })).status).toBe(404);
    expect((await vouchFor(second, { email, token })).status).toBe(404);
    const again = await asOperator("/v1/admin/operators", { email });
    expect(again.json.operator).toEqual(removed.json.operator);
    expect((await list()).status).toBe(200);
  });
});

describe("an adjustment", () => {
  test.runIf(isTurn(1, 2))("takes what is free, and never what is held", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const { executionId, over } = await startExecution(
      owner,
      await newThread(owner.key),
      "sleep 1",
    );
    await untilRunning(owner, executionId);
    const { available } = (await send("/v1/budget", { key: owner.key })).json;
    const take = async (amount: number) =>
      await order(owner, { amount: -amount, description: "taken back" }, "adjustments");
    const more = Math.round((available + 1e-6) * 1e6) / 1e6;
    expect(await take(more)).toMatchObject({ status: 422, json: { code: "ADJUSTMENT_TOO_LARGE" } });
    expect((await take(available)).status).toBe(200);
    await over;
    await expectSettled(owner, executionId);
    const records = await send("/v1/billing/records?type=adjustment", { key: owner.key });
    expect(records.json.data).toMatchObject([{ type: "adjustment", amount: -available }]);
  });
});

describe("the public API's operator routes", () => {
  test("credit, top up, limit and show an account in its own forms", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const at = (what: string) => `/v1/billing/admin/${owner.id}/${what}`;
    expect((await asOperator(at("credits"), { amount: 2 })).json).toEqual({
      success: true,
      userId: owner.id,
      addedAmount: 2,
      newBalance: 3,
      totalSpent: 0,
    });
    expect((await asOperator(at("top-up"), { amount: 1 })).json).toEqual({
      success: true,
      userId: owner.id,
      addedAmount: 1,
      topUpBalance: 4,
      topUpTotalPurchased: 4,
    });
    expect(
      (await asOperator(at("limits"), { dailyLimit: 3, monthlyLimit: null })).json,
    ).toMatchObject({
      success: true,
      userId: owner.id,
      dailyLimit: 3,
      monthlyLimit: null,
    });
    const key = await operatorTokenFor(firstOperator);
    expect((await send(at("budget"), { key })).json).toMatchObject({ balance: 4, dailyLimit: 3 });
  });
});
