/** Owners who hear of incidents, and real servers that take what they hear. */
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect } from "vitest";
import { Delivery } from "#shared/store/notifications";
import { send } from "./client.ts";
import { until } from "./cloud.ts";
import { type FunctionAside, startAsides } from "./function-aside.ts";
import { operate, watch } from "./incidents.ts";
import { startMailServer, startWebhookServer, type TakenWebhook } from "./notification-servers.ts";
import { newOwner, type TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

export const notice = {
  nature: "A key of yours was published.",
  data: "Files of one environment.",
  steps: "We have stopped the key.",
  advice: "Revoke it, and replace your secrets.",
};
export const local = {
  PADDOCK_NOTIFICATIONS_TEST: "loopback",
  PADDOCK_MAIL_FROM: "security@paddock.test",
};

export let mail: Awaited<ReturnType<typeof startMailServer>>;
export let hook: Awaited<ReturnType<typeof startWebhookServer>>;
let asides: readonly FunctionAside[];
/** Where owners say how they want to hear, and what delivers, which may reach this machine. */
let settingsUrl: string;
export let watchUrl: string;

/** Starts the servers, and functions that may reach them, for the tests of a file. */
export function useNotifications(): void {
  beforeAll(async () => {
    [mail, hook] = await Promise.all([startMailServer(), startWebhookServer()]);
    const settings = { ...local, PADDOCK_MAIL_SERVER: mail.address };
    const started = ["incidents", "incident-watch"].map((name) =>
      startAsides(name, 1, { settings }),
    );
    asides = (await Promise.all(started)).flat();
    [settingsUrl = "", watchUrl = ""] = asides.map(({ baseUrl }) => baseUrl);
  });
  afterAll(async () => {
    await Promise.all([...asides.map((aside) => aside.stop()), mail.close(), hook.close()]);
  });
}

export const put = async ({ key }: TestOwner, body: object, baseUrl = settingsUrl) =>
  await send("/v1/notifications", { key, body, method: "PUT", baseUrl });

/** Sends what is due until a mail with a token has come, and says which token that is. */
export async function tokenSentTo(email: string, count = 1): Promise<string> {
  const mails = () => mail.taken.filter(({ to }) => to.includes(email));
  await until("the mail with the token", async () => {
    await watch("deliver", watchUrl);
    return mails().length >= count;
  });
  const text = mails().at(-1)?.mail.text ?? "";
  return /^[0-9a-f]{64}$/m.exec(text)?.[0] ?? expect.fail(text);
}

export const confirm = async ({ key }: TestOwner, token: string) =>
  await send("/v1/notifications/confirm", { key, body: { token }, baseUrl: settingsUrl });

/** Has an address confirmed, and forgets the mail for that. */
export async function confirmAddress(owner: TestOwner, email: string): Promise<void> {
  expect((await put(owner, { email })).json.pendingEmail).toMatchObject({ address: email });
  const confirmed = await confirm(owner, await tokenSentTo(email));
  expect(confirmed.json, confirmed.text).toMatchObject({ email, pendingEmail: null });
  const at = mail.taken.findIndex(({ to }) => to.includes(email));
  mail.taken.splice(at, 1);
}

/** An owner who is told by mail and webhook, and the webhook's secret. */
export async function newListener() {
  const owner = await newOwner({ creditUsd: 0 });
  const email = `${Buffer.from(owner.id.slice(-12)).toString("hex")}@customer.test`;
  await confirmAddress(owner, email);
  const set = await put(owner, { webhookUrl: hook.url });
  expect(set.status, set.text).toBe(200);
  // The new webhook was announced at the address.
  await until("the announcement", async () => {
    await watch("deliver", watchUrl);
    return mail.taken.some(({ to }) => to.includes(email));
  });
  mail.taken.splice(
    mail.taken.findIndex(({ to }) => to.includes(email)),
    1,
  );
  const taken = () => hook.taken.filter(({ body }) => body.includes(owner.id));
  const mails = () => mail.taken.filter(({ to }) => to.includes(email));
  return { owner, email, secret: String(set.json.webhookSecret), taken, mails };
}

export async function notify(incidentId: string): Promise<void> {
  expect((await operate(`/incidents/${incidentId}/notice`, notice)).status).toBe(200);
  const told = await operate(`/incidents/${incidentId}/notify`, {});
  expect(told.status, told.text).toBe(200);
}

export const deliveriesOf = async (incidentId: string) => {
  const found = await firestore()
    .collection("deliveries")
    .where("incidentId", "==", incidentId)
    .get();
  return found.docs.map((doc) =>
    Delivery.parse({ ...doc.data(), expireAt: doc.get("expireAt").toDate() }),
  );
};

/** Makes what waits due at once, as if its pause were over, and delivers. */
export async function deliverAfterPause(incidentId: string, address = watchUrl): Promise<void> {
  const waiting = (await deliveriesOf(incidentId)).filter(({ state }) => state === "waiting");
  const places = waiting.map(({ id }) => firestore().doc(`deliveries/${id}`));
  await Promise.all(places.map((place) => place.update({ dueAt: 1 })));
  const { status, text } = await watch("deliver", address);
  expect(status, text).toBe(200);
}

export function verified({ body, headers }: TakenWebhook, secret: string): unknown {
  const signed = {
    "webhook-id": String(headers["webhook-id"]),
    "webhook-timestamp": String(headers["webhook-timestamp"]),
    "webhook-signature": String(headers["webhook-signature"]),
  };
  return new Webhook(secret).verify(body, signed);
}
