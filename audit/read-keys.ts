/** Reads the keys that the command's user trusts. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { type NoteKey, parseNoteKey, publicKeyFromPem } from "#shared/core/audit/signed-note";
import type { TrustedKey } from "./verify-header.ts";

const size = z.int().min(0);
/** What `GET /v1/audit/evidence-key` answers. */
const OneKey = z.object({ key: z.string() });
/** What `GET /v1/audit/log-key` answers. */
const KeyList = z.object({
  keys: z.array(z.object({ key: z.string(), fromSize: size, toSize: size.nullable() })).min(1),
});

/**
 * The keys that `given` names: `name+id+key`, or a file with that, with a PEM, or with a saved
 * answer of the routes that show the keys of the log and of evidence. Null if it is none of these.
 */
export async function readTrustedKeys(given: string): Promise<readonly TrustedKey[] | null> {
  const text = given.includes("+") ? given : await readFile(given, "utf8").catch(() => "");
  const listed = keyList(text);
  if (listed) return listed;
  const { data: answer } = OneKey.safeParse(parseOrNull(text));
  const key = keyOf("note", answer?.key ?? text);
  if (key) return [key];
  const publicKey = publicKeyFromPem(text);
  return publicKey ? [{ name: null, publicKey }] : null;
}

/** Null if `text` isn't `name+id+key` of this kind. */
export function keyOf(kind: NoteKey["kind"], text: string): NoteKey | null {
  const key = parseNoteKey(text.trim());
  return key?.kind === kind ? key : null;
}

function keyList(text: string): readonly TrustedKey[] | null {
  if (!text.trimStart().startsWith("{")) return null;
  const { data } = KeyList.safeParse(parseOrNull(text));
  const keys = data?.keys.map(({ key, fromSize: from, toSize: to }) => {
    const parsed = keyOf("note", key);
    return parsed && { ...parsed, sizes: { from, to } };
  });
  return keys?.every((key) => key !== null) ? keys : null;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
