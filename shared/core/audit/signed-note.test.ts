import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  formatNote,
  formatNoteKey,
  type NoteKey,
  parseNote,
  parseNoteKey,
  publicKeyFromPem,
  signatureOf,
  verifyNote,
} from "./signed-note.ts";

/** The test of the C2SP specification. */
const example = {
  key: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  note:
    "This is an example message.\n\n" +
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm" +
    "RKuwHjG1Yu72IneyaQM=\n",
};

/** A checkpoint of a public log, as it was cosigned in May 2026. */
const published = {
  logKey:
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+" +
    "AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
  witnessKey: "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
  note:
    "arche2025h1.staging.ct.transparency.dev\n1432088532\n" +
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n" +
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGR" +
    "EPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n" +
    "— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzb" +
    "C3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n" +
    "— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzw" +
    "Z2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n" +
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX" +
    "9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n",
};

function keyOf(text: string): NoteKey {
  const key = parseNoteKey(text);
  if (!key) throw new Error("the key is malformed");
  return key;
}

function verified(note: string, key: NoteKey) {
  const parsed = parseNote(note);
  return parsed && verifyNote(parsed, key);
}

describe("signed notes", () => {
  test("the specification's example verifies", () => {
    expect(verified(example.note, keyOf(example.key))).toEqual({ signedAt: null });
    expect(verified(example.note.replace("example m", "Example m"), keyOf(example.key))).toBeNull();
  });

  test("a public log's checkpoint verifies, with the cosignature of its witness", () => {
    expect(verified(published.note, keyOf(published.logKey))).toEqual({ signedAt: null });
    const cosigned = verified(published.note, keyOf(published.witnessKey));
    expect(cosigned).toEqual({ signedAt: 1_779_573_024n });
    const clobbered = published.note.replace("1432088532", "1432088533");
    expect(verified(clobbered, keyOf(published.logKey))).toBeNull();
    expect(verified(clobbered, keyOf(published.witnessKey))).toBeNull();
  });

  test("formatting a parsed note gives the same bytes", () => {
    for (const { note } of [example, published]) {
      const parsed = parseNote(note);
      expect(parsed && formatNote(parsed)).toBe(note);
    }
  });

  test("a key is read only as a whole, with its right id and a kind that is known", () => {
    const text = example.key;
    expect(formatNoteKey(keyOf(text))).toBe(text);
    for (let end = 1; end < text.length; end += 1) {
      expect(parseNoteKey(text.slice(0, end))).toBeNull();
      expect(parseNoteKey(text.slice(end))).toBeNull();
    }
    // From the tests of Go's implementation: a wrong length, and an unknown kind, with right ids.
    const others = [
      "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
      "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ];
    for (const other of others) expect(parseNoteKey(other)).toBeNull();
  });

  test("what isn't a signed note is refused", () => {
    const { note } = example;
    const [text = "", line = ""] = note.split("\n\n");
    const malformed = [
      `${text}\n`,
      `${text}\n\n`,
      note.slice(0, -1),
      `\u0001${note}`,
      note.replace("\n\n", "\r\n\n"),
      `${text}\n\n${line.replace("com/foo", "com/a foo")}`,
      `${text}\n\n${line.replace("com/foo", "com/a+foo")}`,
      `${note}Unexpected line.\n`,
      `${text}\n\n${line.repeat(101)}`,
      `${text}\n\n— example.com/foo AAAA\n`,
    ];
    for (const one of malformed) expect(parseNote(one)).toBeNull();
  });

  test("one wrong signature by a key spoils its right one, and a stranger's doesn't matter", () => {
    const key = keyOf(example.key);
    const note = parseNote(example.note);
    const [right] = note?.signatures ?? [];
    if (!note || !right) throw new Error("the example is a note");
    const bytes = Buffer.from(right.bytes);
    bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
    const wrong = { ...right, bytes };
    expect(verifyNote({ ...note, signatures: [right, wrong] }, key)).toBeNull();
    const stranger = { name: "example.com/bar", bytes: wrong.bytes };
    expect(verifyNote({ ...note, signatures: [stranger, right] }, key)).not.toBeNull();
    expect(verifyNote({ ...note, signatures: [stranger] }, key)).toBeNull();
  });

  test("a signature for one kind isn't one for the other, though the key is the same", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
    const raw = publicKeyFromPem(pem);
    if (!raw) throw new Error("the key is Ed25519");
    const [plain, witness] = (["note", "cosignature"] as const).map(
      (kind): NoteKey => ({ name: "example.com/log", kind, publicKey: raw }),
    );
    if (!plain || !witness) throw new Error("there are two");
    const text = "example.com/log\n1\nroot\n";
    const signature = signatureOf(plain, sign(null, Buffer.from(text), privateKey));
    const note = { text, signatures: [signature] };
    expect(verifyNote(note, plain)).toEqual({ signedAt: null });
    expect(verifyNote(note, witness)).toBeNull();
    const moved = signatureOf(
      witness,
      Buffer.concat([Buffer.alloc(8), signature.bytes.subarray(4)]),
    );
    expect(verifyNote({ text, signatures: [moved] }, witness)).toBeNull();
  });

  test("a PEM of another kind of key isn't taken for one", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(
      publicKeyFromPem(publicKey.export({ format: "pem", type: "spki" }).toString()),
    ).toBeNull();
    expect(publicKeyFromPem("")).toBeNull();
  });
});
