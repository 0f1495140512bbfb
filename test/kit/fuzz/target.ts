/** An owner to fuzz, with one of each thing, made through the front door of a local cloud. */
import { setTimeout as wait } from "node:timers/promises";
import { firstOperator } from "../../../local/cloud/names.ts";
import type { LocalCloud } from "../../../local/cloud.ts";
import type { FuzzTarget } from "./run.ts";

interface Asked {
  readonly token: string;
  readonly body?: object;
}

/** @throws if something can't be made. */
export async function prepareTarget(
  cloud: Pick<LocalCloud, "baseUrl" | "operatorToken">,
): Promise<FuzzTarget> {
  const { baseUrl } = cloud;
  const operatorToken = await cloud.operatorToken(firstOperator);
  const post = async (path: string, asked: Asked, triesLeft = 5): Promise<string> => {
    const { token, body = {} } = asked;
    const answer = await fetch(new URL(path, baseUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.ok || answer.status === 409) return text;
    // On a busy machine the database of a cloud that has just begun may answer too late.
    const afterS = Number(answer.headers.get("retry-after"));
    if (answer.status === 503 && afterS > 0 && triesLeft > 0) {
      await wait(afterS * 1_000);
      return await post(path, asked, triesLeft - 1);
    }
    throw new Error(`${path} was answered ${answer.status}: ${text}`);
  };
  await post("/v1/admin/operators/first", { token: operatorToken });
  const owners = { name: "Fuzzed", mode: "development" };
  const make = async () =>
    JSON.parse(await post("/v1/admin/users", { token: operatorToken, body: owners }));
  const [{ user, key }, other] = [await make(), await make()];
  const credit = { token: operatorToken, body: { amount: 50 } };
  await post(`/v1/admin/users/${user.id}/credit`, credit);
  const token = key.key;
  const bounds = { name: "narrow", scopes: ["agents:read"] };
  const narrow = JSON.parse(await post("/v1/keys", { token, body: bounds }));
  const made = [
    await post("/v1/environments", { token, body: { name: "fuzzed", computeProfile: "lite" } }),
    await post("/v1/agents", { token, body: { name: "fuzzed", model: "shell" } }),
    await post("/v1/threads", { token }),
  ];
  const thread = JSON.parse(made[2] ?? "").thread.id;
  const message = { token, body: { content: "echo hello > hello.txt" } };
  made.push(await post(`/v1/threads/${thread}/messages`, message));
  return {
    baseUrl,
    owner: { id: user.id, key: token, keyId: key.id },
    narrow,
    operatorToken,
    known: [...made, other.user.id].join(" "),
  };
}
