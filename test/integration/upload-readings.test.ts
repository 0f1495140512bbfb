/** How often the bytes of one upload are read, however often its completion is asked for. */
import { expect, test } from "vitest";
import { newEnvironment, newOwner } from "../kit/owners.ts";
import { beginUpload, completeUpload, sendAll, someBytes } from "../kit/signed-transfers.ts";
import { firestore } from "../kit/store.ts";
import { expectRefusal } from "../security/support/refusals.ts";

test("TEN-1 an upload that has no room is read some times and not without end", async () => {
  const owner = await newOwner({ creditUsd: 0 });
  const place = await newEnvironment(owner.key);
  const bytes = someBytes(100_000);
  const { json } = await beginUpload(owner, place, { path: "a", size: bytes.length });
  const { id, request } = json.upload;
  const complete = async () => await completeUpload(owner, place, id);
  expectRefusal(await complete(), 409, "UPLOAD_INCOMPLETE");
  await sendAll(request, bytes);
  const usage = firestore().doc(`owners/${owner.id}/usage/storage`);
  const before = (await usage.get()).get("bytes");
  await usage.update({ bytes: Number.MAX_SAFE_INTEGER / 2 });
  for (const _ of [1, 2]) expectRefusal(await complete(), 422, "QUOTA_REACHED");
  const transfer = firestore().doc(`owners/${owner.id}/transfers/${id}`);
  // What wasn't there yet couldn't be read.
  expect((await transfer.get()).get("readingCount")).toBe(2);
  await transfer.update({ readingCount: 19 });
  expectRefusal(await complete(), 422, "QUOTA_REACHED");
  await usage.update({ bytes: before });
  expectRefusal(await complete(), 410, "TRANSFER_ENDED");
  await transfer.update({ readingCount: 19 });
  expect((await complete()).json).toMatchObject({ success: true, path: "a" });
  // The answer is repeated without reading.
  expect((await complete()).json).toMatchObject({ success: true, path: "a" });
});
