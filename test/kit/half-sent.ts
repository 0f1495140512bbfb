/** Requests of which only a part has been sent. */
import { request } from "node:http";
import { cloud } from "./cloud.ts";

export interface HalfSent {
  /** Sends the rest, and returns what is answered. */
  finish(): Promise<{ readonly status: number; readonly code: string | undefined }>;
  /** Closes the connection. */
  drop(): void;
}

interface Sent {
  readonly method: string;
  readonly key: string;
  readonly body: object;
  /** Used instead of the edge. */
  readonly baseUrl?: string;
}

/** Sends a request up to the last byte of its body. */
export function sendHalf(path: string, { method, key, body, baseUrl }: Sent): HalfSent {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": bytes.length,
  };
  const outgoing = request(new URL(path, baseUrl ?? cloud().baseUrl), {
    ...{ method, headers, agent: false },
  });
  const { promise: answered, resolve, reject } = Promise.withResolvers<string>();
  let status = 0;
  outgoing.on("error", reject).on("response", (incoming) => {
    status = incoming.statusCode ?? 0;
    const chunks: Buffer[] = [];
    incoming.on("error", reject).on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => resolve(Buffer.concat(chunks).toString()));
  });
  answered.catch(() => undefined);
  outgoing.write(bytes.subarray(0, -1));
  return {
    finish: async () => {
      outgoing.end(bytes.subarray(-1));
      const { code } = JSON.parse(await answered);
      return { status, code };
    },
    drop: () => outgoing.destroy(),
  };
}
