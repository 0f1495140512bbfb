import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { deploymentLimits } from "../config.ts";
import { derivedId } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner } from "../identity/owner.ts";
import { auditRows } from "../store/audit-rows.ts";
import { downloadUsageId, downloadUsages } from "../store/usage.ts";
import { countDownload, countOpened, countSent, dayMs } from "./count-download.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const bytesMax = 100;
/** A minute before midnight, UTC. */
const lateAt = Date.UTC(2026, 0, 1, 23, 59);

function newUsage() {
  const store = new MemoryStore();
  const download = async (sizeBytes: number, now = lateAt) =>
    await countDownload(store, owner, { sizeBytes, now }, bytesMax);
  const counted = async () =>
    (await store.get(downloadUsages.of(owner, downloadUsageId))).value?.bytes ?? 0;
  const open = async (sizeBytes: number, open: () => Promise<void>, now = lateAt) =>
    await countOpened(store, owner, { sizeBytes, now, open });
  return { store, download, open, counted };
}

const refused = expect.objectContaining({ code: "RATE_LIMITED", status: 429 });

describe("TEN-2 countDownload()", () => {
  test("refuses what would pass the day's bytes, and counts nothing of it", async () => {
    const { download, counted } = newUsage();
    await download(60);
    await expect(download(41)).rejects.toEqual(refused);
    await download(40);
    expect(await counted()).toBe(100);
    await expect(download(1)).rejects.toEqual(refused);
    await expect(newUsage().download(101)).rejects.toEqual(refused);
  });

  test("begins again with the next UTC day, and says when that is", async () => {
    const { download, counted } = newUsage();
    await download(100);
    const error = await download(1).catch((thrown: unknown) => thrown);
    expect(error instanceof ApiError && error.headers).toEqual({ "retry-after": "60" });
    await download(30, lateAt + 60_000);
    expect(await counted()).toBe(30);
  });

  test("goes on with a day that another instance's clock has begun already", async () => {
    const { download, counted } = newUsage();
    await download(30, lateAt + 60_000);
    await download(30, lateAt);
    await download(30, lateAt + 60_000);
    expect(await counted()).toBe(90);
  });

  test("isn't exceeded by concurrent downloads", async () => {
    const { download, counted } = newUsage();
    await download(1);
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => download(9)));
    const granted = outcomes.filter(({ status }) => status === "fulfilled").length;
    expect(granted).toBeLessThanOrEqual(11);
    expect(await counted()).toBe(1 + 9 * granted);
  });

  test("is taken back if nothing can be sent, also beside other downloads", async () => {
    const { download, open, counted } = newUsage();
    await download(1);
    const failure = new Error("unreadable");
    const failing = async () => await open(9, () => Promise.reject(failure));
    for (let tries = 0; tries < 30; tries += 1) await expect(failing()).rejects.toBe(failure);
    expect(await counted()).toBe(1);
    await Promise.all([...[5, 6].map((each) => download(each)), failing().catch(() => undefined)]);
    expect(await counted()).toBe(12);
  });

  test("counts a quarter of the day again that was taken back, and has one row of it", async () => {
    const { store, open } = newUsage();
    const { downloadedBytesPerDayMax } = deploymentLimits().quotas;
    const some = Math.ceil(downloadedBytesPerDayMax * 0.3);
    const nothing = new Error("unreadable");
    await expect(open(some, () => Promise.reject(nothing))).rejects.toBe(nothing);
    await open(some, async () => {});
    expect(await countSent(store, owner, { sizeBytes: some, now: lateAt })).toBe(2 * some);
    const rows = await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
    expect(rows.map(({ value }) => value.facts.bytes)).toEqual(
      [1, 2].map((quarters) => (quarters * downloadedBytesPerDayMax) / 4),
    );
  });

  test("has a row of each quarter, whichever of several downloads reach it together", async () => {
    const { store } = newUsage();
    const sizeBytes = Math.ceil(deploymentLimits().quotas.downloadedBytesPerDayMax / 40);
    const send = async () => await countSent(store, owner, { sizeBytes, now: lateAt });
    for (let turn = 0; turn < 11; turn += 1) await Promise.all([send(), send(), send()]);
    const rows = await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
    expect(rows).toHaveLength(3);
  });

  test("marks no quarter in a day that has begun since", async () => {
    const { store } = newUsage();
    const sizeBytes = Math.ceil(deploymentLimits().quotas.downloadedBytesPerDayMax * 0.2);
    const send = async (now: number) => await countSent(store, owner, { sizeBytes, now });
    await send(lateAt);
    let hasBegun = false;
    store.before = async () => {
      if (hasBegun) return;
      hasBegun = true;
      await send(lateAt + 60_000);
    };
    await send(lateAt);
    const rows = await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
    // The bytes count for the new day, and so does the row that says so.
    const day = String(Math.floor((lateAt + 60_000) / dayMs));
    const id = derivedId("auditRow", owner.id, "downloads", day, "1");
    expect(rows.map(({ value }) => value.id)).toEqual([id]);
  });

  test("takes nothing from a day that has begun since", async () => {
    const { download, open, counted } = newUsage();
    const late = open(9, async () => {
      await download(30, lateAt + 60_000);
      throw new Error("unreadable");
    });
    await expect(late).rejects.toThrow("unreadable");
    expect(await counted()).toBe(30);
  });
});
