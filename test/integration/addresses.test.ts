/** Where owners hear of incidents: addresses that are confirmed, and those that were replaced. */
import { describe, expect, test } from "vitest";
import { until } from "../kit/cloud.ts";
import { openIncident, operate, watch } from "../kit/incidents.ts";
import {
  confirm,
  confirmAddress,
  deliveriesOf,
  hook,
  mail,
  newListener,
  notify,
  put,
  tokenSentTo,
  useNotifications,
  verified,
  watchUrl,
} from "../kit/notified-owners.ts";
import { newOwner } from "../kit/owners.ts";
import { plantSignals } from "../kit/plant-signals.ts";
import { firestore } from "../kit/store.ts";

useNotifications();

describe("INC-5 an address of mail", () => {
  const newAddress = () => `${Math.random().toString(36).slice(2)}@customer.test`;
  const mailsTo = (email: string) => mail.taken.filter(({ to }) => to.includes(email));

  test("gets nothing but a token until it is confirmed, and three of these a day", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const email = newAddress();
    const asked = await put(owner, { email, anomalies: { networks: ["email"] } });
    expect(asked.json).toMatchObject({ email: null, pendingEmail: { address: email } });
    const first = await tokenSentTo(email);
    await plantSignals(owner.id, 1, { action: "key.new_network", facts: {}, subject: owner.keyId });
    await watch("detect", watchUrl);
    const incidentId = await openIncident([owner.id]);
    await notify(incidentId);
    expect((await deliveriesOf(incidentId)).map(({ state }) => state)).toEqual(["unreachable"]);
    const second = await put(owner, { email });
    expect(second.status).toBe(200);
    const token = await tokenSentTo(email, 2);
    expect((await confirm(owner, first)).status).toBe(409);
    const other = await newOwner({ creditUsd: 0 });
    expect((await put(other, { email })).status).toBe(200);
    expect((await confirm(other, token)).status).toBe(409);
    expect((await put(owner, { email })).json).toMatchObject({ code: "RATE_LIMITED" });
    expect((await confirm(owner, token)).json).toMatchObject({ email });
    expect((await confirm(owner, token)).status).toBe(409);
    await tokenSentTo(email, 3);
    expect(mailsTo(email)).toHaveLength(3);
    const { docs } = await firestore().collection("deliveries").where("target", "==", email).get();
    expect(JSON.stringify(docs.map((doc) => doc.data()))).not.toContain(token);
  });

  test("that a thief replaces is told so, and gets the notice as well", async () => {
    const listener = await newListener();
    const { owner, email } = listener;
    const thief = newAddress();
    const incidentId = await openIncident([owner.id]);
    await confirmAddress(owner, thief);
    await put(owner, { webhookUrl: null });
    await until("the old targets are told", async () => {
      await watch("deliver", watchUrl);
      return listener.mails().length > 0 && listener.taken().length > 0;
    });
    const [told] = listener.mails();
    expect(told?.mail.subject).toBe("Where your account hears of incidents has changed");
    expect(told?.mail.text).toContain(owner.keyId);
    const [hooked = expect.fail()] = listener.taken();
    expect(verified(hooked, listener.secret)).toMatchObject({ type: "notifications.changed" });
    await notify(incidentId);
    await until("everybody is told", async () => {
      await watch("deliver", watchUrl);
      return (await deliveriesOf(incidentId)).every(({ state }) => state === "confirmed");
    });
    const { json } = await operate(`/incidents/${incidentId}/deliveries`);
    const reached: { target: string; isEarlier: boolean; targetSince: string }[] = json.data;
    expect(Object.fromEntries(reached.map((one) => [one.target, one.isEarlier]))).toEqual({
      [thief]: false,
      [email]: true,
      [hook.url]: true,
    });
    const since = (address: string) =>
      reached.find(({ target }) => target === address)?.targetSince;
    expect(Date.parse(since(thief) ?? "")).toBeGreaterThan(Date.parse(since(email) ?? ""));
  });
});
