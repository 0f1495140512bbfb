/** Baseline: a function that starts with a plain transaction and doesn't authenticate. */
import { readFileSync } from "node:fs";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { nanoid } from "nanoid";
import { PlainStarts } from "../plain-transaction.ts";

const { GOOGLE_CLOUD_PROJECT = "", BENCH_SAMPLE = "", PORT } = process.env;
const starts = new PlainStarts(
  GOOGLE_CLOUD_PROJECT,
  JSON.parse(readFileSync(BENCH_SAMPLE, "utf8")),
);

http("plain-start", async (request, response) => {
  const threadId = request.path.split("/").at(-2);
  const ownerId = request.get("x-owner");
  if (threadId === undefined || ownerId === undefined) {
    response.json({ ready: true });
    return;
  }
  const id = nanoid();
  await starts.start(ownerId, threadId, id);
  response.json({ id });
  await starts.note(ownerId, id);
});
getTestServer("plain-start").listen(Number(PORT), "127.0.0.1");
