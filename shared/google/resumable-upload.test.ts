import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CRC32C, type File } from "@google-cloud/storage";
import { afterEach, expect, test } from "vitest";
import { ResumableUpload } from "./resumable-upload.ts";

const using = { firstWaitMs: 1, answerMsMax: 5_000 };

/** What a bucket answers to a request: a status, and how many bytes it says it keeps. */
type Answer = "cut" | { readonly status: number; readonly keeps?: number };

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A bucket that answers one request after another as the test says. */
async function newBucket(answers: Answer[], stored = "abcdef") {
  const asked: string[] = [];
  const lengths: unknown[] = [];
  const deleted: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const { "content-range": range, "content-length": length } = request.headers;
    asked.push(`${range} ${body}`.trim());
    lengths.push(length);
    send(response, answers.shift() ?? { status: 500 }, stored);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client: Partial<File> = {
    createResumableUpload: async () => [address] as [string],
    crc32cGenerator: () => new CRC32C(),
    delete: async (options: unknown) => {
      deleted.push(options);
      return [] as never;
    },
  };
  const upload = await ResumableUpload.begin(client as File, "text/plain", using);
  return { upload, asked, lengths, deleted };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return String(Buffer.concat(pieces));
}

function send(response: ServerResponse, answer: Answer, stored: string): void {
  if (answer === "cut") {
    response.destroy();
    return;
  }
  const range = answer.keeps ? { range: `bytes=0-${answer.keeps - 1}` } : {};
  response.writeHead(answer.status, range);
  const crc32c = new CRC32C();
  crc32c.update(Buffer.from(stored));
  const object = { crc32c: crc32c.toString(), generation: "7" };
  response.end(answer.status === 200 ? JSON.stringify(object) : "no");
}

async function sendAll(upload: ResumableUpload, ...texts: string[]): Promise<void> {
  for (const [index, text] of texts.entries()) {
    await upload.send({ bytes: Buffer.from(text), isLast: index === texts.length - 1 });
  }
}

test("a chunk follows another, and the last one says how many bytes there are", async () => {
  const { upload, asked, lengths } = await newBucket([{ status: 308, keeps: 4 }, { status: 200 }]);
  await sendAll(upload, "abcd", "ef");
  expect(asked).toEqual(["bytes 0-3/* abcd", "bytes 4-5/6 ef"]);
  // The bucket wants to know how long each is.
  expect(lengths).toEqual(["4", "2"]);
});

test("what a bucket didn't keep of a chunk is sent again, of the last one, too", async () => {
  const { upload, asked } = await newBucket([
    { status: 308, keeps: 1 },
    { status: 308, keeps: 4 },
    { status: 308, keeps: 5 },
    { status: 200 },
  ]);
  await sendAll(upload, "abcd", "ef");
  expect(asked).toEqual(["bytes 0-3/* abcd", "bytes 1-3/* bcd", "bytes 4-5/6 ef", "bytes 5-5/6 f"]);
});

test.each<Answer>(["cut", { status: 503 }, { status: 429 }, { status: 408 }])(
  "after %j the bucket is asked how many bytes it has",
  async (failure) => {
    const { upload, asked } = await newBucket([
      failure,
      { status: 308, keeps: 2 },
      { status: 308, keeps: 4 },
      failure,
      failure,
      { status: 308, keeps: 4 },
      { status: 200 },
    ]);
    await sendAll(upload, "abcd", "ef");
    expect(asked).toEqual([
      "bytes 0-3/* abcd",
      "bytes */*",
      "bytes 2-3/* cd",
      "bytes 4-5/6 ef",
      "bytes */6",
      "bytes */6",
      "bytes 4-5/6 ef",
    ]);
  },
);

test("an answer that was lost after all was stored is found again", async () => {
  const { upload, asked } = await newBucket(["cut", { status: 200 }]);
  await sendAll(upload, "abcdef");
  expect(asked).toEqual(["bytes 0-5/6 abcdef", "bytes */6"]);
});

test("bytes that are kept, but not yet an object, are asked for", async () => {
  const { upload, asked } = await newBucket([{ status: 308, keeps: 6 }, { status: 200 }]);
  await sendAll(upload, "abcdef");
  expect(asked).toEqual(["bytes 0-5/6 abcdef", "bytes */6"]);
});

test("a bucket that fails or keeps nothing is given up", async () => {
  const bad: Answer[] = [{ status: 500 }, "cut", { status: 308 }];
  for (const answer of bad) {
    const { upload, asked } = await newBucket(Array.from({ length: 100 }, () => answer));
    await expect(sendAll(upload, "abcdef")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(asked.length).toBeLessThan(20);
  }
});

test.each([
  [400, /refused with status 400/],
  [403, /refused with status 403/],
  [404, /another|try again/],
  [410, /another|try again/],
  [412, /another|try again/],
])("after %i nothing is tried again", async (status, message) => {
  const { upload, asked } = await newBucket([{ status }]);
  await expect(sendAll(upload, "abcdef")).rejects.toThrow(message);
  expect(asked).toHaveLength(1);
});

test("fewer bytes than were confirmed, or more than were sent, end it", async () => {
  for (const keeps of [3, 9]) {
    const { upload } = await newBucket([
      { status: 308, keeps: 4 },
      { status: 308, keeps },
    ]);
    await expect(sendAll(upload, "abcd", "ef")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  }
});

test("an object of other bytes is deleted, and no other one", async () => {
  const { upload, deleted } = await newBucket([{ status: 200 }], "abcdeX");
  await expect(sendAll(upload, "abcdef")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(deleted).toEqual([{ ifGenerationMatch: "7" }]);
});

test("an object that is there before its last bytes isn't taken for stored", async () => {
  const { upload } = await newBucket([{ status: 200 }], "abcd");
  await expect(sendAll(upload, "abcd", "ef")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
