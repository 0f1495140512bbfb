/** How owners hear of incidents and anomalies, from real servers' point of view. */
import { describe, expect, test } from "vitest";
import { NotificationSettings } from "#shared/store/notifications";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { openIncident, operate, watch } from "../kit/incidents.ts";
import { startSilentServer } from "../kit/notification-servers.ts";
import {
  deliverAfterPause,
  deliveriesOf,
  hook,
  local,
  newListener,
  notice,
  notify,
  put,
  useNotifications,
  verified,
  watchUrl,
} from "../kit/notified-owners.ts";
import { newOwner } from "../kit/owners.ts";
import { plantSignals } from "../kit/plant-signals.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

useNotifications();

describe("INC-5 those affected by an incident", () => {
  test("are told by mail and webhook, once, in four parts, and who can't be is listed", async () => {
    const [listener, silent] = [await newListener(), await newOwner({ creditUsd: 0 })];
    const incidentId = await openIncident([listener.owner.id, silent.id]);
    expect((await operate(`/incidents/${incidentId}/notify`, {})).status).toBe(409);
    expect((await operate(`/incidents/${incidentId}`)).json.noticeIsDraft).toBe(true);
    await notify(incidentId);
    // Two instances at once, and again afterwards.
    await Promise.all([watch("deliver", watchUrl), watch("deliver", watchUrl)]);
    await until("both are confirmed", async () => {
      await watch("deliver", watchUrl);
      const states = (await deliveriesOf(incidentId)).map(({ state }) => state);
      return states.filter((state) => state === "confirmed").length === 2;
    });
    await watch("deliver", watchUrl);
    const [taken, ...more] = listener.mails();
    expect(more).toEqual([]);
    expect(taken?.from).toBe(local.PADDOCK_MAIL_FROM);
    expect(taken?.mail.subject).toBe("An incident concerns your account");
    for (const part of Object.values(notice)) expect(taken?.mail.text).toContain(part);
    const webhooks = listener.taken();
    expect(webhooks).toHaveLength(1);
    const [webhook = expect.fail()] = webhooks;
    expect(verified(webhook, listener.secret)).toMatchObject({
      type: "incident.notice",
      data: { ownerId: listener.owner.id, incidentId },
    });
    const { json } = await operate(`/incidents/${incidentId}`);
    expect(json.deliveries).toEqual({ waiting: 0, confirmed: 2, failed: 0, unreachable: 1 });
    expect(json.notifiedAt).not.toBeNull();
    const own = await send(`/v1/incidents/${incidentId}`, { key: silent.key });
    expect(own.json.incident.notice).toEqual(notice);
    const { json: log } = await operate(`/incidents/${incidentId}/deliveries`);
    const unreached = log.data.find(({ state }: { state: string }) => state === "unreachable");
    expect(unreached.ownerId).toBe(silent.id);
  });

  test.runIf(isTurn(0, 2))(
    "are told in the end by a webhook that answers 500 for long, and a silent mail server",
    async () => {
      const listener = await newListener();
      const incidentId = await openIncident([listener.owner.id]);
      const stuck = await startSilentServer();
      const settings = { ...local, PADDOCK_MAIL_SERVER: stuck.address };
      const [hanging = expect.fail()] = await startAsides("incident-watch", 1, { settings });
      try {
        hook.answers.status = 500;
        await notify(incidentId);
        await deliverAfterPause(incidentId, hanging.baseUrl);
      } finally {
        await hanging.stop();
        stuck.close();
      }
      const failed = await deliveriesOf(incidentId);
      const outcomes = failed.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome));
      expect(outcomes.toSorted((one, other) => one.localeCompare(other))).toEqual([
        "it answered 500",
        "the mail server can't be reached",
      ]);
      for (let time = 0; time < 5; time += 1) await deliverAfterPause(incidentId);
      expect(listener.mails()).toHaveLength(1);
      hook.answers.status = 204;
      await deliverAfterPause(incidentId);
      await deliverAfterPause(incidentId);
      const states = (await deliveriesOf(incidentId)).map(({ state }) => state);
      expect(states).toEqual(["confirmed", "confirmed"]);
      // Each attempt has the same id, so a receiver that has answered 500 finds the repetition.
      const ids = listener.taken().map(({ headers }) => headers["webhook-id"]);
      expect([ids.length, new Set(ids).size]).toEqual([7, 1]);
      const [again] = (await deliveriesOf(incidentId)).filter(({ channel }) => channel === "email");
      expect((await operate(`/deliveries/${again?.id}/redeliver`)).status).toBe(200);
      await deliverAfterPause(incidentId);
      expect(listener.mails()).toHaveLength(2);
    },
  );

  test("have a clock that reminds an operator until they are told", async () => {
    const { owner } = await newListener();
    const incidentId = await openIncident([owner.id]);
    const place = firestore().doc(`incidents/${incidentId}`);
    const hours = async () => ((await place.get()).get("remindAt") - Date.now()) / 3_600_000;
    expect(await hours()).toBeGreaterThan(47);
    await place.update({ remindAt: Date.now() - 1 });
    expect((await watch("deadlines")).json.reminded).toBeGreaterThan(0);
    expect(await hours()).toBeGreaterThan(5);
    expect(await hours()).toBeLessThan(7);
    await notify(incidentId);
    expect((await place.get()).get("remindAt")).toBeNull();
  });
});

describe("INC-5 a webhook's URL", () => {
  const refused = ["http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/x"];
  const others = ["https://[::1]/", "https://169.254.169.254/", "https://user:pw@127.0.0.1/", "x"];

  test.each([...refused, ...others])("of %s is refused when it is named", async (webhookUrl) => {
    const { key } = await newOwner({ creditUsd: 0 });
    const answer = await send("/v1/notifications", { key, body: { webhookUrl }, method: "PUT" });
    expect(answer).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
  });

  test("that leads into a private network later is refused when it is used", async () => {
    const listener = await newListener();
    const settings = firestore().doc(`owners/${listener.owner.id}/notifications/settings`);
    await settings.update({ webhookUrl: "http://10.0.0.1/hook", email: null, earlierTargets: [] });
    const incidentId = await openIncident([listener.owner.id]);
    await notify(incidentId);
    await deliverAfterPause(incidentId);
    const [{ state, attempts } = expect.fail()] = await deliveriesOf(incidentId);
    expect(state).toBe("waiting");
    expect(attempts[0]?.outcome).toMatch(/isn't allowed/);
  });
});

describe("INC-6 an owner", () => {
  test("hears of the anomalies that it chose, by the channel that it chose", async () => {
    const listener = await newListener();
    const { owner } = listener;
    const chosen = await put(owner, { anomalies: { networks: ["webhook"] } });
    expect(chosen.json).toEqual({
      email: listener.email,
      pendingEmail: null,
      webhookUrl: hook.url,
      anomalies: { spending: [], networks: ["webhook"], refusals: [] },
    });
    const shown = await send("/v1/notifications", { key: owner.key });
    expect(shown.json).toEqual(chosen.json);
    await plantSignals(owner.id, 1, { action: "key.new_network", facts: {}, subject: owner.keyId });
    await plantSignals(owner.id, 1, {
      action: "key.refused",
      facts: { refusals: 100, before: 0 },
      subject: owner.keyId,
    });
    await until("the webhook", async () => {
      await watch("detect", watchUrl);
      await watch("deliver", watchUrl);
      return listener.taken().length > 0;
    });
    await watch("detect", watchUrl);
    await watch("deliver", watchUrl);
    const [webhook = expect.fail(), ...more] = listener.taken();
    expect(more).toEqual([]);
    expect(verified(webhook, listener.secret)).toMatchObject({
      type: "anomaly.found",
      data: { ownerId: owner.id, incidentId: null },
    });
    expect(webhook.body).toContain(owner.keyId);
    expect(listener.mails()).toEqual([]);
  });

  test("sets what it wants with a key for that, and the secret is stored nowhere", async () => {
    const { owner, secret } = await newListener();
    const place = firestore().doc(`owners/${owner.id}/notifications/settings`);
    const stored = NotificationSettings.parse((await place.get()).data());
    expect(JSON.stringify(stored)).not.toContain(secret.slice("whsec_".length));
    const body = { name: "narrow", scopes: ["audit:read"] };
    const { json } = await send("/v1/keys", { key: owner.key, body });
    const narrow = { ...owner, key: json.key };
    expect((await put(narrow, { email: null })).status).toBe(403);
    expect((await put(owner, { mail: "a@b.test" })).status).toBe(400);
    expect((await put(owner, { anomalies: { networks: ["email", "email"] } })).status).toBe(400);
    const injected = "a@b.test\r\nBcc: c@d.test";
    expect((await put(owner, { email: injected })).status).toBe(400);
  });
});
