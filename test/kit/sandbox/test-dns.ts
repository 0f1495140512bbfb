/** A DNS server with given answers, which remembers the questions. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const headerBytes = 12;
const types = { a: 1, aaaa: 28 };
const flags = { answer: 0x8180, noSuchName: 0x8183 };

export class TestDns {
  /** Names asked for, in order, once per question. */
  readonly asked: string[] = [];
  readonly #socket: Socket = createSocket("udp4");
  readonly #answers: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly #turns = new Map<string, number>();

  /** @param answers By name: one per question in turn; the last one is repeated. */
  constructor(answers: Readonly<Record<string, readonly (readonly string[])[]>>) {
    this.#answers = answers;
    this.#socket.on("message", (query, from) => {
      this.#socket.send(this.#answer(query), from.port, from.address);
    });
  }

  /** @returns `address:port`. */
  async listen(): Promise<string> {
    this.#socket.bind(0, "127.0.0.1");
    await once(this.#socket, "listening");
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = headerBytes;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(headerBytes, at + 5);
    const name = labels.join(".").toLowerCase();
    const type = query.readUInt16BE(at + 1);
    const addresses = this.#addressesOf(name, type);
    const header = Buffer.alloc(headerBytes);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(addresses === undefined ? flags.noSuchName : flags.answer, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses?.length ?? 0, 6);
    const records = (addresses ?? []).map((address) => recordOf(type, address));
    return Buffer.concat([header, question, ...records]);
  }

  /** The IPv4 and IPv6 questions for one name take the same answer. */
  #addressesOf(name: string, type: number): readonly string[] | undefined {
    const turns = this.#answers[name];
    if (type === types.a) this.asked.push(name);
    if (turns === undefined) return undefined;
    const turn = this.#turns.get(name) ?? 0;
    if (type === types.a) this.#turns.set(name, turn + 1);
    const index = type === types.a ? turn : Math.max(0, turn - 1);
    const all = turns[Math.min(index, turns.length - 1)] ?? [];
    return all.filter((address) => address.includes(":") === (type === types.aaaa));
  }
}

function recordOf(type: number, address: string): Buffer {
  const data = type === types.a ? ipv4(address) : ipv6(address);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}

function ipv4(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function ipv6(address: string): Buffer {
  const [head = [], tail = []] = address
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 255]));
}
