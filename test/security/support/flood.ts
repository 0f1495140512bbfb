/** Thousands of forged keys, each before a body that no server should read. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { someAddress } from "./refusals.ts";

/** The size that each body announces and offers. */
const bodyBytes = 1024 * 1024;
const chunk = Buffer.alloc(64 * 1024, 0x20);
const answerMsMax = 20_000;

export interface FloodRefusal {
  /** Null if the connection was closed so fast that the answer was lost. */
  readonly status: number | null;
  readonly ms: number;
}

export interface Flood {
  readonly port: number;
  readonly count: number;
  readonly atOnce: number;
}

/** Sends all of them, `atOnce` at a time; each stops sending when it is answered. */
export async function flood({ port, count, atOnce }: Flood): Promise<readonly FloodRefusal[]> {
  const refusals: FloodRefusal[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      refusals.push(await offer(port));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return refusals;
}

function head(): string {
  const key = `tb_dev_${randomBytes(32).toString("hex")}`;
  return [
    "POST /v1/agents HTTP/1.1",
    "host: 127.0.0.1",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${bodyBytes}`,
    "\r\n",
  ].join("\r\n");
}

/** Writes as fast as possible until there is an answer or nothing is left. */
async function offer(port: number): Promise<FloodRefusal> {
  const began = performance.now();
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: someAddress() }).on(
      "error",
      () => undefined,
    );
    let [received, offered] = ["", 0];
    const late = setTimeout(() => reject(new Error("neither answered nor refused")), answerMsMax);
    const finish = () => {
      clearTimeout(late);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
      socket.destroy();
      const ms = performance.now() - began;
      resolve({ status: status === undefined ? null : Number(status), ms });
    };
    const write = () => {
      while (received === "" && offered < bodyBytes) {
        offered += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.once("connect", () => {
      socket.write(head());
      write();
    });
    socket.on("drain", write);
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (received.includes("\r\n\r\n")) finish();
    });
    // A server that disconnects while we still send has refused; `close` follows.
    socket.once("error", () => undefined);
    socket.once("close", finish);
  });
}
