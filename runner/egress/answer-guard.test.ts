/** No answer of a host carries the secret back in a form that its client would read. */
import { once } from "node:events";
import { request as ask, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { pipeline, Writable } from "node:stream";
import {
  brotliCompressSync,
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { guardAnswer } from "./answer-guard.ts";
import { damagedGzip, frameOf, skippable, withFields, zstdMagic } from "./test-archives.ts";

const value = "sk-0123456789-the-Real-value";
const secrets = [value, value.toLowerCase()].map((one) => ({ key: "KEY", value: one }));
const plan = planRedaction(secrets, "bytes");
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Said {
  readonly headers?: readonly string[];
  readonly body: readonly Buffer[];
}

/** What a client inside receives if the body comes in these pieces; null for nothing. */
async function throughGuard({ headers = [], body }: Said) {
  const server = createServer(async (socket) => {
    socket.on("error", () => socket.destroy());
    await once(socket, "data");
    socket.write(["HTTP/1.1 200 OK", ...headers, "Connection: close", "", ""].join("\r\n"));
    for (const piece of body) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const outgoing = ask({ port, host: "127.0.0.1", agent: false }).end();
  outgoing.on("error", () => undefined);
  const [answer]: IncomingMessage[] = await once(outgoing, "response");
  if (!answer) throw new Error("no answer");
  try {
    const guarded = guardAnswer(answer, plan, false);
    const pieces: Buffer[] = [];
    const sink = new Writable({
      write(piece: Buffer, _encoding, done) {
        pieces.push(piece);
        done();
      },
    });
    const error = await new Promise<unknown>((resolve) => {
      pipeline([answer, ...guarded.body, sink], (failure) => resolve(failure ?? null));
    });
    return { headers: guarded.headers, bytes: Buffer.concat(pieces), isCut: error !== null };
  } catch {
    answer.destroy();
    return null;
  }
}

const said = `{"authorization":"Bearer ${value}"}`;
const halves = (bytes: Buffer) => [bytes.subarray(0, 20), bytes.subarray(20)];
const singly = (bytes: Buffer) => [...bytes].map((byte) => Buffer.from([byte]));

describe("SEC-5 an answer that holds the secret", () => {
  test.each([
    ["gzip", gzipSync(said)],
    ["gzip of gzip", gzipSync(gzipSync(said))],
    ["zlib", deflateSync(said)],
    ["zlib, stored", deflateSync(said, { level: 0 })],
    ["zstd", zstdCompressSync(said)],
    ["zstd of gzip", zstdCompressSync(gzipSync(said))],
    ["gzip with another member before", Buffer.concat([gzipSync("nothing"), gzipSync(said)])],
    ["gzip of UTF-16", gzipSync(Buffer.from(said, "utf16le"))],
    ["gzip with all fields of a header", withFields(gzipSync(said))],
    ["gzip with something behind it", Buffer.concat([gzipSync(said), Buffer.from("and more")])],
    [
      "gzip behind gzip and nothing",
      Buffer.concat([gzipSync("nothing"), gzipSync(""), gzipSync(said)]),
    ],
    ...[9, 10, 11, 12, 13, 14].map((windowBits): [string, Buffer] => {
      return [`zlib with a window of ${2 ** windowBits} bytes`, deflateSync(said, { windowBits })];
    }),
    ["zlib behind zlib", Buffer.concat([deflateSync("nothing"), deflateSync(said)])],
    ["zstd in two frames", Buffer.concat([zstdCompressSync("nothing"), zstdCompressSync(said)])],
    ...Array.from({ length: 16 }, (_, index): [string, Buffer] => {
      return [
        `zstd behind skippable frame ${index}`,
        Buffer.concat([skippable(index, 300), zstdCompressSync(said)]),
      ];
    }),
    [
      "zstd behind empty skippable frames",
      Buffer.concat([skippable(0, 0), skippable(1, 0), zstdCompressSync(said)]),
    ],
    ["gzip behind zstd", Buffer.concat([zstdCompressSync("nothing"), gzipSync(said)])],
    ["zlib behind gzip", Buffer.concat([gzipSync("nothing"), deflateSync(said)])],
    ["zstd of two gzips", zstdCompressSync(Buffer.concat([gzipSync(""), gzipSync(said)]))],
  ])("compressed as %s without a header is held back", async (_how, packed) => {
    for (const body of [[packed], halves(packed), singly(packed)]) {
      const got = await throughGuard({ body });
      expect(got?.isCut ?? true).toBe(true);
      // What passed before the secret was found must not decompress to it.
      expect(got?.bytes.length ?? 0).toBeLessThan(packed.length);
    }
  });

  // Deflate without a dictionary reveals a byte or two with each byte, so the last one isn't all.
  test.each([1, 2, 3])("is held back from where it begins, in %i layers", async (layers) => {
    let packed = gzipSync(said, { strategy: 2 });
    for (let layer = 1; layer < layers; layer += 1) packed = gzipSync(packed, { level: 0 });
    let got = (await throughGuard({ body: singly(packed) }))?.bytes ?? Buffer.alloc(0);
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    for (let layer = 0; layer < layers; layer += 1) got = gunzipSync(got, options);
    expect(got.toString()).toContain("authorization");
    expect(got.toString()).not.toContain(value.slice(0, 6));
  });

  test.each([
    ["gzip", gzipSync(said)],
    ["x-gzip", gzipSync(said)],
    ["deflate", deflateSync(said)],
    ["br", brotliCompressSync(said)],
    ["zstd", zstdCompressSync(said)],
    ["gzip, br", brotliCompressSync(gzipSync(said))],
  ])("encoded as %s is unpacked and redacted", async (encoding, packed) => {
    const got = await throughGuard({ headers: [`Content-Encoding: ${encoding}`], body: [packed] });
    expect(got?.bytes.toString()).toBe('{"authorization":"Bearer [redacted:KEY]"}');
    expect(got?.headers).toEqual([]);
  });

  test.each([
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])(
    "encoded as %s, with another stream behind it, doesn't arrive as if it were whole",
    async (encoding, pack) => {
      const [one, other] = [pack("nothing"), pack(said)];
      const headers = [`Content-Encoding: ${encoding}`];
      const got = await throughGuard({ headers, body: [Buffer.concat([one, other])] });
      expect(got?.isCut).toBe(true);
      expect((await throughGuard({ headers, body: [one] }))?.isCut).toBe(false);
    },
  );

  test.each([
    ["gzip", gzipSync("{}")],
    ["deflate", deflateSync("{}")],
    ["br", brotliCompressSync("{}")],
    ["zstd", zstdCompressSync("{}")],
    ["gzip, br", brotliCompressSync(Buffer.concat([gzipSync("{}"), Buffer.alloc(9)]))],
  ])(
    "encoded as %s, with bytes behind it, doesn't arrive as if it were whole",
    async (encoding, packed) => {
      const headers = [`Content-Encoding: ${encoding}`];
      const padding = encoding === "gzip, br" ? [] : [Buffer.alloc(9)];
      for (const body of [[Buffer.concat([packed, ...padding])], [packed, ...padding]]) {
        expect((await throughGuard({ headers, body }))?.isCut).toBe(true);
      }
    },
  );

  test.each(["constructor", "__proto__", "toString", "lzma"])(
    "encoded as %s, which isn't an encoding, is held back",
    async (encoding) => {
      const headers = [`Content-Encoding: ${encoding}`];
      expect(await throughGuard({ headers, body: [gzipSync(said)] })).toBeNull();
    },
  );

  test("encoded once more than its header says is held back", async () => {
    const packed = gzipSync(gzipSync(said));
    const got = await throughGuard({ headers: ["Content-Encoding: gzip"], body: [packed] });
    expect(got?.isCut).toBe(true);
  });

  test.each(["gzip, chunked", "gzip", "chunked, chunked", "identity"])(
    "under Transfer-Encoding: %s is held back",
    async (coding) => {
      const packed = gzipSync(said);
      const size = packed.length.toString(16);
      const chunks = [Buffer.from(`${size}\r\n`), packed, Buffer.from("\r\n0\r\n\r\n")];
      const body = coding.endsWith("chunked") ? chunks : [packed];
      expect(await throughGuard({ headers: [`Transfer-Encoding: ${coding}`], body })).toBeNull();
    },
  );

  test.each(["utf16le", "swapped", "latin1"] as const)("in %s is redacted", async (encoding) => {
    const little = Buffer.from(said, encoding === "swapped" ? "utf16le" : encoding);
    const body = encoding === "swapped" ? little.swap16() : little;
    for (const pieces of [[body], halves(body), singly(body)]) {
      const got = await throughGuard({ body: pieces });
      expect(got?.bytes.toString("latin1")).toContain("[redacted:KEY]");
      const read = got?.bytes.toString("latin1").replaceAll("\0", "");
      expect(read).not.toContain(value.slice(0, 12));
    }
  });

  test("in a header's name, in whatever case, or its value comes without it", async () => {
    const headers = [
      `${value}: 1`,
      `X-${value}-Y: 2`,
      `${value.toLowerCase()}: 3`,
      `X-A: ${value}`,
    ];
    const got = await throughGuard({ headers, body: [] });
    expect(got?.headers).toEqual([["X-A", "[redacted:KEY]"]]);
  });
});

describe("an answer that holds none", () => {
  const data = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));
  test.each([
    ["an archive", gzipSync(data)],
    ["an archive that breaks off", gzipSync(data).subarray(0, 9_000)],
    ["what begins like zstd", Buffer.concat([zstdMagic, Buffer.alloc(200, 0xff)])],
    ["zstd's first bytes alone", zstdMagic],
    ["zstd with a window that is too large", frameOf("and no more", { window: 0xf8 })],
    ["what begins like zlib", Buffer.from("x\u009c and no more", "latin1")],
    ["a text", Buffer.from("x".repeat(100_000))],
    [
      "texts that begin like zlib",
      Buffer.from("x\u0001 8\u0011 H\u0089 (\u0091".repeat(99), "latin1"),
    ],
    [
      "archives one after another",
      Buffer.concat([gzipSync(data), gzipSync(data), Buffer.from("end")]),
    ],
    ["frames that are skipped", Buffer.concat([skippable(3, 70_000), zstdCompressSync(data)])],
    ["a skippable frame that breaks off", skippable(3, 70_000).subarray(0, 9_000)],
    ["a header that breaks off", withFields(gzipSync("")).subarray(0, 12)],
    ["a single byte", Buffer.from([0x1f])],
    ["nothing", Buffer.alloc(0)],
  ])("%s arrives byte by byte", async (_what, bytes) => {
    for (const body of [[bytes], halves(bytes)]) {
      const got = await throughGuard({ body });
      expect(got?.isCut).toBe(false);
      expect(got?.bytes.equals(bytes)).toBe(true);
    }
    if (_what === "an archive") expect(gunzipSync(bytes).equals(data)).toBe(true);
  });

  test.each([
    ["gzip", damagedGzip("a text")],
    ["what only begins like gzip", Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), data])],
    ["zstd", Buffer.concat([frameOf("a text", { isLast: false }), Buffer.from([7, 0, 0])])],
    ["a zstd block that breaks off", zstdCompressSync(data).subarray(0, -9)],
  ])("and is damaged is cut: %s", async (_what, bytes) => {
    for (const body of [[bytes], halves(bytes)]) {
      expect((await throughGuard({ body }))?.isCut).toBe(true);
    }
  });

  test("and whose compressed stream never produces output is cut", async () => {
    // Empty stored blocks, again and again, after what may be the first part of the secret.
    const open = deflateSync(value.slice(0, 12), { level: 0 }).subarray(0, -4);
    open[2] = 0;
    const empty = Buffer.from([0, 0, 0, 0xff, 0xff]);
    const endless = Buffer.concat([open, ...Array<Buffer>(300_000).fill(empty)]);
    const got = await throughGuard({ body: [endless] });
    expect(got?.isCut).toBe(true);
  });
});
