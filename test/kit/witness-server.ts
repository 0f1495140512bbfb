/** A witness as strict as https://c2sp.org/tlog-witness, which can be told to misbehave. */
import { sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseCheckpoint } from "#shared/core/audit/checkpoint";
import { isConsistent, type TreeHead } from "#shared/core/audit/merkle-proofs";
import {
  decodeBase64,
  formatNote,
  formatNoteKey,
  type NoteKey,
  parseNote,
  signatureOf,
  verifyNote,
} from "#shared/core/audit/signed-note";
import { type LogKey, makeKey } from "./audit-export.ts";

export type Mood =
  | "honest"
  | "silent"
  | "broken"
  | "endless"
  | "redirecting"
  | "forging"
  | "for another text"
  | "without a time"
  | "ahead";

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const proofLinesMax = 63;
const request = /^old (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/=]+\n)*)\n(.+)$/s;

/** Cosigns the logs of these keys. */
export async function startWitness(name: string, logs: readonly NoteKey[]) {
  const key = makeKey(name, "cosignature");
  const state = { mood: "honest" as Mood, asked: 0, cosigned: null as TreeHead | null };
  const server = createServer(async (incoming, response) => {
    state.asked += 1;
    let body = "";
    for await (const piece of incoming.setEncoding("utf8")) body += piece;
    if (incoming.method !== "POST" || incoming.url !== "/w/add-checkpoint") {
      response.writeHead(404).end();
      return;
    }
    if (misbehave(state.mood, response) === "done") return;
    const { status, body: text, type = "text/plain" } = answerTo(body, { key, logs, state });
    response.writeHead(status, { "content-type": type }).end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    key: key.key,
    named: { key: formatNoteKey(key.key), url: `http://127.0.0.1:${port}/w` },
    state,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Ends the request in a way that no honest witness would, if the mood is such. */
function misbehave(mood: Mood, response: ServerResponse): "done" | "goes on" {
  if (mood === "silent") return "done";
  if (mood === "broken") response.writeHead(500).end("out of order");
  else if (mood === "redirecting") response.writeHead(307, { location: "/elsewhere" }).end();
  else if (mood === "endless") {
    response.writeHead(200);
    const more = () => response.writable && response.write("— a A\n".repeat(4_096), more);
    more();
  } else return "goes on";
  return "done";
}

function answerTo(
  body: string,
  {
    key,
    logs,
    state,
  }: {
    readonly key: LogKey;
    readonly logs: readonly NoteKey[];
    readonly state: { readonly mood: Mood; cosigned: TreeHead | null };
  },
): Answer {
  const [, old = "", lines = "", note = ""] = request.exec(body) ?? [];
  const proof = lines.split("\n").slice(0, -1).map(decodeBase64);
  const signed = parseNote(note);
  const checkpoint = signed && parseCheckpoint(signed.text);
  const isWhole = proof.every((hash) => hash !== null) && proof.length <= proofLinesMax;
  if (!signed || !checkpoint || !isWhole) return { status: 400, body: "malformed" };
  const own = logs.filter((log) => log.name === checkpoint.origin);
  if (own.length === 0) return { status: 404, body: "unknown log" };
  if (!own.some((log) => verifyNote(signed, log))) return { status: 403, body: "not signed" };
  const { size, root } = checkpoint;
  if (Number(old) > size) return { status: 400, body: "the old size is larger" };
  const seen = state.cosigned ?? { size: 0, root };
  const type = "text/x.tlog.size";
  if (state.mood === "ahead") return { status: 409, body: `${size + 1_000}\n`, type };
  if (Number(old) !== seen.size) return { status: 409, body: `${seen.size}\n`, type };
  if (seen.size === size && state.cosigned && !seen.root.equals(root)) {
    return { status: 409, body: "another root" };
  }
  if (!isConsistent(seen, { size, root }, proof)) return { status: 422, body: "inconsistent" };
  state.cosigned = { size, root };
  return { status: 200, body: cosign(signed.text, key, state.mood) };
}

/** One line; a line of an unknown key comes before it, which clients must ignore. */
function cosign(text: string, { key, privateKey }: LogKey, mood: Mood): string {
  const time = mood === "without a time" ? 0n : BigInt(Math.floor(Date.now() / 1_000));
  const message = `cosignature/v1\ntime ${time}\n${mood === "for another text" ? "x\n" : text}`;
  const signature = sign(null, Buffer.from(message), privateKey);
  if (mood === "forging") signature.writeUInt8(signature.readUInt8(9) ^ 1, 9);
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(time);
  const stranger = makeKey("a.stranger", "cosignature").key;
  const signatures = [
    signatureOf(stranger, Buffer.alloc(72)),
    signatureOf(key, Buffer.concat([stamp, signature])),
  ];
  return formatNote({ text: "", signatures }).slice(1);
}
