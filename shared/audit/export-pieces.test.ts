import { describe, expect, test } from "vitest";
import { readLines } from "../../audit/read-lines.ts";
import { verifyExport } from "../../audit/verify-export.ts";
import { makeKey, sampleHead } from "../../test/kit/audit-export.ts";
import { TrailStore } from "../../test/kit/trail-store.ts";
import { tileRows } from "../core/audit/export-format.ts";
import { frontierOf, rootOf } from "../core/audit/merkle-tree.ts";
import { exportPieces } from "./export-pieces.ts";

const log = makeKey("example.com/log");
const keys = { logs: [log.key], witnesses: [] };

async function exported(trail: TrailStore, size = trail.rows.length): Promise<readonly Buffer[]> {
  const root = rootOf(frontierOf(trail.leaves.slice(0, size)));
  const pieces: Buffer[] = [];
  const head = sampleHead({ size, root }, log);
  for await (const piece of exportPieces(trail, trail.owner, head)) pieces.push(piece);
  return pieces;
}

async function verdict(pieces: readonly Buffer[]): Promise<string> {
  const chunks = async function* () {
    yield* pieces;
  };
  return await verifyExport(() => readLines(chunks()), keys).then(
    ({ header }) => `${header.head.size} are right`,
    (fault: Error) => fault.message,
  );
}

describe("an export from the store", () => {
  test.each([1, tileRows - 1, tileRows, tileRows + 1, 700])(
    "of %i rows is verified",
    async (size) => {
      expect(await verdict(await exported(new TrailStore(size)))).toBe(`${size} are right`);
    },
  );

  test("has the rows below the signed head alone, though there are more", async () => {
    expect(await verdict(await exported(new TrailStore(700), 600))).toBe("600 are right");
  });

  test("of large rows is read and handed out in parts of a tile", async () => {
    const [rowBytes, size] = [100_000, 300];
    const pieces = await exported(new TrailStore(size, rowBytes));
    expect(await verdict(pieces)).toBe(`${size} are right`);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(1024 * 1024);
  });

  test("is read no further than its reader takes it", async () => {
    const trail = new TrailStore(2_000, 10_000);
    const head = sampleHead({ size: 2_000, root: rootOf(frontierOf(trail.leaves)) }, log);
    const pieces = exportPieces(trail, trail.owner, head);
    trail.rowsRead = 0;
    await pieces.next();
    expect(trail.rowsRead).toBeLessThanOrEqual(2 * tileRows);
    await pieces.return(undefined);
    const { rowsRead } = trail;
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    expect(trail.rowsRead).toBe(rowsRead);
  });

  test("leaves it to the verifier to name a row that somebody changed or removed", async () => {
    const changed = new TrailStore(600);
    const head = sampleHead({ size: 600, root: rootOf(frontierOf(changed.leaves)) }, log);
    Object.assign(changed.rows[300] ?? {}, { subject: "another" });
    expect(await verdict(await exported(changed))).toMatch(
      /^Entry 301 of 600 \(aud_\d+\) was edited/,
    );
    const removed = new TrailStore(600);
    removed.lose("none", 300);
    const pieces: Buffer[] = [];
    for await (const piece of exportPieces(removed, removed.owner, head)) pieces.push(piece);
    expect(await verdict(pieces)).toMatch(/entry 257 of 600/);
  });
});
