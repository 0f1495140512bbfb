import { describe, expect, test } from "vitest";
import { atOnce } from "#shared/core/steps";
import { type ManifestEntry, manifestOf } from "#shared/core/workspace/manifest";
import { listFiles } from "./list-files.ts";
import { pageSteps } from "./page-of-files.ts";

const filesMax = 4_000;
const bytesMax = 8 * 1024 * 1024;
const folder = `${"é".repeat(100)}/`.repeat(4);
const deep = (index: number): ManifestEntry => ({
  ...{ path: `${folder}${String(index).padStart(4, "0")}${"é".repeat(100)}`, type: "file" },
  ...{ sha256: "a".repeat(64), sizeBytes: 0, mode: 0o644, modifiedAt: 5, parts: [] },
});
const manifest = manifestOf(Array.from({ length: filesMax }, (_, index) => deep(index)));

function list(limit: number): object {
  const page = atOnce(pageSteps(manifest, { folder: "", depth: -1, limit, offset: 0 }));
  const context = {
    params: { environmentId: "env" },
    query: { path: "", depth: -1, offset: 0, limit },
    data: { folder: "", depth: -1, page, since: 0 },
  };
  const reply = listFiles.answer(context as never);
  if (!("body" in reply)) throw new Error("no list");
  return reply.body;
}

function refusalOf(limit: number): { readonly status?: number; readonly message?: string } {
  try {
    list(limit);
    return {};
  } catch (error) {
    return error as Error;
  }
}

describe("TEN-2 WSP-1 a list of files", () => {
  test("that would be larger than a page may be is refused, naming a limit that fits", () => {
    const refusal = refusalOf(10_000);
    expect(refusal).toMatchObject({ code: "VALIDATION_FAILED", status: 400 });
    const fitting = Number(/limit must be at most (\d+) here/.exec(refusal.message ?? "")?.[1]);
    expect(refusalOf(fitting + 1).status).toBe(400);
    const page = list(fitting);
    expect(page).toMatchObject({ count: fitting, has_more: true });
    const bytes = Buffer.byteLength(JSON.stringify(page));
    expect([bytes > bytesMax * 0.99, bytes < bytesMax * 1.01]).toEqual([true, true]);
  });
});
