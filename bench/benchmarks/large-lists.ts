import type { Firestore } from "@google-cloud/firestore";
import { nanoid } from "nanoid";
import * as z from "zod";
import { idOf } from "#shared/core/ids";
import { termsOf } from "#shared/core/search/terms";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { call } from "../../scripts/demo/api.ts";
import type { Bench, Effort, Figure, Row } from "../figure.ts";
import { type BenchOwner, newOwner } from "../owners.ts";
import { median, timed } from "../statistics.ts";

/**
 * The emulator reads all documents of a database for each query, and Firestore an index. So each
 * row has the bare query beside it, which costs the emulator the same scan. A count is a scan, too:
 * the number of a list of more than 1,000, as both of these are, is counted once in ten seconds.
 */
const sizes: Readonly<Record<Effort, { readonly threads: number; readonly rounds: number }>> = {
  short: { threads: 1_100, rounds: 5 },
  full: { threads: 10_000, rounds: 21 },
};
const threadsPerBatch = 100;
const pageLength = 50;
/** How many of the newest texts with a word a search looks at. */
const candidatesMax = 500;
const word = "harbour";
/** One text in so many has the word. */
const wordEvery = 100;

/** How long a page of an account's threads takes, and a search of its messages. */
export const largeLists: Figure = {
  name: "lists",
  title: "A page of 50 threads and a search, among 10,000 threads with a message each",
  async run(bench) {
    const database = openFirestore(bench.environment);
    try {
      const owner = await newOwner(bench);
      const { threads, rounds } = sizes[bench.effort];
      await plant(database, owner, threads);
      return await measure(bench, { database, owner, rounds });
    } finally {
      await database.terminate();
    }
  },
};

async function plant(database: Firestore, { id }: BenchOwner, threads: number): Promise<void> {
  const environmentId = idOf("environment", nanoid());
  const beganAt = Date.now() - threads;
  for (let first = 0; first < threads; first += threadsPerBatch) {
    const batch = database.batch();
    for (let number = first; number < Math.min(threads, first + threadsPerBatch); number += 1) {
      const [threadId, messageId] = [idOf("thread", nanoid()), idOf("message", nanoid())];
      const createdAt = beganAt + number;
      const place = `owners/${id}/threads/${threadId}`;
      const said = "A message of the usual length, which says what to do next. ".repeat(4);
      const content = number % wordEvery === 0 ? `${said} The ${word} is near.` : said;
      const text = { content, executionId: idOf("execution", nanoid()), createdAt };
      const entry = { threadId, environmentId, kind: "message", terms: [...termsOf(content)] };
      const indexed = { v: 1, id: messageId, ...entry, length: content.length, createdAt };
      batch.set(database.doc(place), threadOf(threadId, { environmentId, createdAt }));
      batch.set(database.doc(`${place}/messages/${messageId}`), {
        ...{ v: 1, id: messageId, role: "user", ...text },
      });
      batch.set(database.doc(`owners/${id}/searchEntries/${messageId}`), indexed);
    }
    await batch.commit();
  }
}

function threadOf(
  id: string,
  { environmentId, createdAt }: { readonly environmentId: string; readonly createdAt: number },
) {
  return {
    ...{ v: 1, id, environmentId, agentId: null, projectId: null, appId: null, archived: false },
    ...{ title: null, status: "completed", executionId: null, messageCount: 1 },
    ...{ inputTokens: 0, outputTokens: 0, costMicrousd: 0, computeMs: 0 },
    ...{ startedAt: createdAt, endedAt: createdAt, lastMessageAt: createdAt },
    ...{ lastMessagePreview: "A message", metadataJson: "{}", createdAt, updatedAt: createdAt },
  };
}

const List = z.object({ data: z.array(z.object({ id: z.string() })).length(pageLength) });
const Found = z.object({ results: z.array(z.object({ score: z.number() })).min(1) });

interface Measuring {
  readonly database: Firestore;
  readonly owner: BenchOwner;
  readonly rounds: number;
}

async function measure(
  { baseUrl }: Bench,
  { database, owner: { id, key }, rounds }: Measuring,
): Promise<Row[]> {
  const place = database.doc(`owners/${id}`);
  const threads = place.collection("threads").orderBy("createdAt", "desc").limit(pageLength);
  const count = place.collection("threads").count();
  const entries = place
    .collection("searchEntries")
    .where("terms", "array-contains", word)
    .orderBy("createdAt", "desc")
    .limit(candidatesMax);
  const list = `${baseUrl}/v1/threads?limit=${pageLength}`;
  const search = { url: `${baseUrl}/v1/threads/search`, key };
  const listed = await byTurns(rounds, {
    ours: async () => await call({ url: list, key }, List),
    bare: async () => await threads.get(),
  });
  const read = await byTurns(rounds, {
    ours: async () => await call({ url: list, key }, List),
    bare: async () => await Promise.all([threads.get(), count.get()]),
  });
  const found = await byTurns(rounds, {
    ours: async () => await call(search, Found, { query: word, includeMessages: true }),
    bare: async () => await entries.get(),
  });
  return [
    {
      what: "list of 50 threads, p50",
      unit: "ms",
      value: listed.ours,
      baseline: { what: "a bare query of 50 documents", value: listed.bare },
      goal: { of: "ratio", atMost: 1.3 },
    },
    {
      what: "list of 50 threads, p50",
      unit: "ms",
      value: read.ours,
      baseline: { what: "the same beside a count", value: read.bare },
    },
    {
      what: "search, p50",
      unit: "ms",
      value: found.ours,
      baseline: { what: "a bare query of the index", value: found.bare },
      goal: { of: "value", atMost: 150 },
    },
  ];
}

/** Alternates, so that both meet the same machine and the same caches. */
async function byTurns(
  rounds: number,
  { ours, bare }: { readonly ours: () => Promise<unknown>; readonly bare: () => Promise<unknown> },
): Promise<{ readonly ours: number; readonly bare: number }> {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  // The first of each opens connections.
  await ours();
  await bare();
  for (let round = 0; round < rounds; round += 1) {
    times.ours.push(await timed(ours));
    times.bare.push(await timed(bare));
  }
  return { ours: median(times.ours), bare: median(times.bare) };
}
