/** Searches everything that a cloud stores, shows and runs for planted secrets, in every form. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

/** One place's contents: files, documents, answers, arguments. */
export type Contents = readonly Buffer[];

const fileBytesMax = 64 * 1024 * 1024;
const temporaryBytesMax = 1024 * 1024;
const filesMax = 20_000;

/** A value's spellings by name, so that a control can check that none is missed. */
export function spellings(value: string): Readonly<Record<string, Buffer>> {
  const bytes = Buffer.from(value);
  const base64 = (offset: number) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    // Leaves out characters that depend on neighbouring bytes, and the padding.
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
    return padded.toString("base64").slice(from, to);
  };
  const texts = {
    plain: value,
    "base64, aligned": base64(0),
    "base64, a byte on": base64(1),
    "base64, two bytes on": base64(2),
    base64url: bytes.toString("base64url"),
    hex: bytes.toString("hex"),
    "upper-case hex": bytes.toString("hex").toUpperCase(),
    URL: encodeURIComponent(value),
    JSON: JSON.stringify(value).slice(1, -1),
    "JSON in JSON": JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
  };
  const pairs = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]);
  return Object.fromEntries(pairs);
}

/** Each find as `secret, form`; compressed data is searched, too. */
export function findIn(contents: Contents, secrets: Readonly<Record<string, string>>): string[] {
  const found = new Set<string>();
  const unpacked = contents.flatMap((bytes) => [bytes, ...gunzipped(bytes)]);
  for (const [name, value] of Object.entries(secrets)) {
    for (const [form, wanted] of Object.entries(spellings(value))) {
      if (unpacked.some((bytes) => bytes.includes(wanted))) found.add(`${name}, ${form}`);
    }
  }
  return [...found];
}

/**
 * Tries every position in the bytes where compressed data may begin. A header is skipped, since a
 * decoder of gzip discards everything if something else follows.
 */
function gunzipped(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const begin = Buffer.of(0x1f, 0x8b, 0x08);
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 1)) {
    const hasName = ((bytes[at + 3] ?? 0) & 0x08) !== 0;
    const start = hasName ? bytes.indexOf(0, at + 10) + 1 : at + 10;
    try {
      found.push(inflateRawSync(bytes.subarray(start), { maxOutputLength: fileBytesMax }));
    } catch {
      // The three bytes were a coincidence.
    }
  }
  return found;
}

/** The files of a folder, and their names; files that disappear meanwhile are skipped. */
export function filesIn(
  folder: string,
  which: {
    readonly sinceMs?: number;
    readonly bytesMax?: number;
    readonly without?: readonly string[];
  } = {},
): Contents {
  const { sinceMs = 0, bytesMax = fileBytesMax, without = [] } = which;
  const contents: Buffer[] = [];
  const rest = [folder];
  for (let next = rest.pop(); next !== undefined && contents.length < filesMax; next = rest.pop()) {
    try {
      const found = statSync(next);
      if (without.includes(next)) continue;
      if (found.isDirectory())
        rest.push(...readdirSync(next).map((name) => join(String(next), name)));
      else if (found.isFile() && found.mtimeMs >= sinceMs && found.size <= bytesMax) {
        contents.push(Buffer.from(next), readFileSync(next));
      }
    } catch {
      // It is gone, or belongs to another user.
    }
  }
  return contents;
}

/** What tests and other programs left in temporary folders since `sinceMs`. */
export function temporaryFiles(sinceMs: number, excluded: readonly string[]): Contents {
  // Larger files are programs that tests have built.
  const which = { sinceMs, bytesMax: temporaryBytesMax, without: excluded };
  return [tmpdir(), "/dev/shm", "/run"].flatMap((folder) => filesIn(folder, which));
}

/** Contents of every process outside of sandboxes, which have their own network. */
export function processes(what: "cmdline" | "environ"): Contents {
  const ours = readlinkSync("/proc/self/ns/net");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/ns/net`) !== ours) return [];
        return [readFileSync(`/proc/${pid}/${what}`)];
      } catch {
        return [];
      }
    });
}
