/** One of each kind that an export has, and what the archive must have of it. */
import { expect } from "vitest";
import { exportTable } from "#shared/core/retention/export-table";
import { dayMs } from "#shared/core/retention/periods";
import { send } from "./client.ts";
import { openIncident } from "./incidents.ts";
import type { TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

/** The values of a file of lines. */
export const linesOf = (files: ReadonlyMap<string, Buffer>, name: string) =>
  String(files.get(name))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** Stores one of each kind that is made without a request of the owner's. */
export async function plantKinds({ id, key }: TestOwner, environmentId: string) {
  const timed = { name: "nightly", task: "true", environmentId, cronExpression: "0 9 1 1 *" };
  const { schedule } = (await send("/v1/schedules", { key, body: timed })).json;
  const action = { type: "send_message", prompt: "true" };
  const wanted = { name: "deploys", environmentId, source: "webhook", event: "deploy", action };
  const { trigger } = (await send("/v1/triggers", { key, body: wanted })).json;
  const path = `/v1/environments/${environmentId}`;
  await send(`${path}/uploads`, { key, body: { path: "big.bin", size: 10 } });
  await send(`${path}/snapshots/initialize`, { key, body: {} });
  const now = Date.now();
  const kept = { v: 1, createdAt: now, expireAt: new Date(now + dayMs) };
  const own = firestore().doc(`owners/${id}`);
  const none = { threadId: null, executionId: null };
  const run = { ...kept, ...none, id: "srun_1", status: "missed", cause: "schedule", count: 3 };
  const times = { scheduledFor: 1, lastScheduledFor: 3, errorCode: null, errorMessage: null };
  const runs = own.collection(`schedules/${schedule.id}/scheduleRuns`);
  await runs.doc("srun_1").create({ ...run, ...times });
  await runs.doc("srun_0").create({ ...run, ...times, id: "srun_0", expireAt: new Date(now - 1) });
  const delivery = { ...kept, ...none, id: "trun_1", status: "ignored", isTest: false };
  const deliveries = own.collection(`triggers/${trigger.id}/triggerDeliveries`);
  await deliveries.doc("trun_1").create({ ...delivery, payloadJson: '{"a":1}', error: "another" });
  const unusual = { v: 1, id: "anom_1", detector: "spending", level: "anomaly", subject: id };
  await own
    .collection("anomalies")
    .doc("anom_1")
    .create({ ...unusual, amount: 1, at: 1, createdAt: 1 });
  const incidentId = await openIncident([id]);
  const notice = { ...kept, id: `told_${id}`, ownerId: id, purpose: "notice", incidentId };
  const told = { ...notice, anomalyId: null, channel: null, target: null, pepperId: null };
  const said = { generation: 0, subject: "A notice", text: "said", state: "unreachable" };
  const never = { attempts: [], confirmedAt: null, dueAt: null };
  await firestore()
    .doc(`deliveries/told_${id}`)
    .create({ ...told, ...said, ...never });
  return { scheduleId: schedule.id, triggerId: trigger.id, incidentId };
}

/** Every file that the table promises, and what is new of it in this test. */
export function expectEveryKind(
  files: ReadonlyMap<string, Buffer>,
  { scheduleId, triggerId, incidentId }: Awaited<ReturnType<typeof plantKinds>>,
): void {
  const promised = Object.values(exportTable).flatMap((each) => ("file" in each ? each.file : []));
  const lists = [...files.keys()].filter((name) => !name.includes("/"));
  expect(new Set(lists)).toEqual(new Set([...promised, "manifest.ndjson"]));
  const runs = linesOf(files, "schedule-runs.ndjson");
  expect(runs).toMatchObject([{ scheduleId, status: "missed", count: 3 }]);
  const sent = linesOf(files, "trigger-deliveries.ndjson");
  expect(sent).toMatchObject([{ triggerId, status: "ignored", eventPayload: { a: 1 } }]);
  expect(linesOf(files, "snapshots.ndjson").length).toBeGreaterThan(0);
  expect(linesOf(files, "transfers.ndjson")).toMatchObject([{ kind: "upload", path: "big.bin" }]);
  expect(linesOf(files, "notifications.ndjson")).toMatchObject([{ email: null }]);
  expect(linesOf(files, "incidents.ndjson")).toMatchObject([{ id: incidentId }]);
  expect(linesOf(files, "anomalies.ndjson")).toMatchObject([{ detector: "spending" }]);
  expect(linesOf(files, "notices.ndjson")).toMatchObject([{ subject: "A notice" }]);
}
