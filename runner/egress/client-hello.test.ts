import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { countJoinedBytes } from "../../test/kit/count-joined-bytes.ts";
import { draws } from "../../test/kit/draws.ts";
import { helloBytesMax, readGreeting } from "./client-hello.ts";

let real: Buffer;
let nameless: Buffer;

/** The first bytes of Node's own client. */
async function captured(servername: string): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const accepted = once(server, "connection");
  const socket = connectTcp(address.port, "127.0.0.1").on("error", () => undefined);
  const client = connect({ socket, servername });
  client.on("error", () => undefined);
  const [inside] = await accepted;
  const [hello] = await once(inside, "data");
  client.destroy();
  inside.destroy();
  server.close();
  return hello;
}

beforeAll(async () => {
  real = await captured("allowed.test");
  nameless = await captured("");
});

/** The same message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

describe("a client's first bytes", () => {
  test("name the host, whole and over many records", () => {
    const tls = { kind: "tls", serverName: "allowed.test" };
    expect(readGreeting(real)).toEqual(tls);
    for (const size of [1, 2, 3, 50, 500]) {
      expect(readGreeting(inRecords(real, size))).toEqual(tls);
    }
    expect(readGreeting(nameless)).toEqual({ kind: "tls", serverName: null });
  });

  test("are copied a bounded number of times, in however many records", () => {
    const singly = inRecords(real, 1);
    const copiedBytes = countJoinedBytes(() => expect(readGreeting(singly).kind).toBe("tls"));
    expect(copiedBytes / real.length).toBeLessThan(4);
  });

  test("are awaited at every byte, and never misread", () => {
    for (let length = 0; length < real.length; length += 1) {
      expect(readGreeting(real.subarray(0, length)).kind, `${length}`).toBe("incomplete");
    }
  });

  test.each(["GET / HTTP/1.1\r\n", "SSH-2.0-x", "\u0000", "\u0080\u002e\u0001\u0003"])(
    "%j isn't TLS",
    (text) => {
      expect(readGreeting(Buffer.from(text, "latin1")).kind).toBe("not-tls");
    },
  );

  test.each([
    ["a message that isn't a hello", [22, 3, 1, 0, 4, 2, 0, 0, 0]],
    ["a record without bytes", [22, 3, 1, 0, 0]],
    ["a record of more than may be", [22, 3, 1, 0x40, 1]],
    ["another protocol's version", [22, 2]],
    ["a message of more than may be", [22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]],
    ["a hello that ends in its middle", [22, 3, 1, 0, 5, 1, 0, 0, 1, 3]],
  ])("%s is malformed at once", (_what, bytes) => {
    expect(readGreeting(Buffer.from(bytes)).kind).toBe("malformed");
  });

  test("two names, or the extension twice, are malformed: each side might read another", () => {
    const name = Buffer.concat([Buffer.from([0, 0, 12]), Buffer.from("allowed.test")]);
    const list = (entries: Buffer[]) => {
      const all = Buffer.concat(entries);
      return Buffer.concat([Buffer.from([0, 0, 0, all.length + 2, 0, all.length]), all]);
    };
    expect(readGreeting(helloWith([list([name])]))).toMatchObject({ serverName: "allowed.test" });
    expect(readGreeting(helloWith([list([name, name])])).kind).toBe("malformed");
    expect(readGreeting(helloWith([list([name]), list([name])])).kind).toBe("malformed");
  });

  test("get an answer whatever they are, within the bound", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.tuple(fc.nat(real.length - 1), fc.nat(255)).map(([at, byte]) => {
        const changed = Buffer.from(real);
        changed[at] = byte;
        return changed;
      }),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        const { kind } = readGreeting(Buffer.from(bytes));
        expect(["incomplete", "tls", "not-tls", "malformed"]).toContain(kind);
      }),
      { numRuns: draws(2_000) },
    );
    const endless = Buffer.alloc(helloBytesMax, 22);
    expect(readGreeting(endless).kind).not.toBe("incomplete");
  });
});

/** A hello with these extensions and nothing else of interest. */
function helloWith(extensions: readonly Buffer[]): Buffer {
  const all = Buffer.concat(extensions);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 1, 1, 0, all.length >> 8, all.length & 255]),
    all,
  ]);
  const head = [22, 3, 1, (body.length + 4) >> 8, (body.length + 4) & 255];
  return Buffer.concat([Buffer.from([...head, 1, 0, body.length >> 8, body.length & 255]), body]);
}
