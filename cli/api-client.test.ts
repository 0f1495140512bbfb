import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { ApiClient } from "./api-client.ts";
import { CommandOptions } from "./command-options.ts";
import { limitOf } from "./commands/limit.ts";
import { encodedPath, remotePlaceFrom } from "./commands/places.ts";
import { Output } from "./output.ts";

afterEach(() => void vi.unstubAllGlobals());

const origin = {
  apiUrl: "https://api.example.com",
  apiKey: "k",
  source: "profile default",
  urlSource: "profile default",
};

/** The path that a deletion would be sent to; null if it is refused before. */
async function deletedPath(path: string): Promise<string | null> {
  let sentTo: string | null = null;
  vi.stubGlobal("fetch", async (url: URL) => {
    sentTo = url.pathname;
    return new Response("{}");
  });
  const client = new ApiClient(origin, () => undefined);
  await client.send(path, { method: "DELETE" }).catch(() => undefined);
  return sentTo;
}

test.each(["..", "a/../..", "%2e%2E/b", "./a", "../../env_b"])(
  "a file called %s never means its environment",
  async (name) => {
    const { path } = remotePlaceFrom(`env_a:${name}`);
    const sentTo = await deletedPath(`/environments/env_a/files/${encodedPath(path)}`);
    // What was encoded stays one name below the files; anything else isn't sent.
    expect(sentTo ?? "/v1/environments/env_a/files/").toMatch(
      /^\/v1\/environments\/env_a\/files\//,
    );
  },
);

test.each(["..", "%2e%2e", ".%2E"])("a secret called %s isn't sent", async (name) => {
  expect(await deletedPath(`/environments/env_a/secrets/${name}`)).toBeNull();
});

test("names with dots are sent as they are", async () => {
  const sentTo = await deletedPath("/environments/env_a/files/.git/..a/b..");
  expect(sentTo).toBe("/v1/environments/env_a/files/.git/..a/b..");
});

test.each([
  ["The field size must be one of a, b.", "The field size must be one of a, b."],
  ["The request doesn't match.", "The request doesn't match. size must be one of a, b."],
])("a refusal says each reason once: %s", async (message, said) => {
  const details = [{ field: "size", message: "must be one of a, b" }];
  const refusal = { message, code: "VALIDATION_FAILED", details };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(refusal), { status: 400 }));
  const client = new ApiClient(origin, () => undefined);
  const sent = client.send("/environments", { method: "POST" });
  await expect(sent).rejects.toMatchObject({ message: said });
});

test("a list that is cut says so, and one that ends there doesn't", async () => {
  let total = 50;
  vi.stubGlobal("fetch", async (url: URL) => {
    const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name)));
    const end = Math.min((offset ?? 0) + (limit ?? 0), total);
    const data = Array.from({ length: end - (offset ?? 0) }, () => "an item");
    return Response.json({ data, has_more: end < total });
  });
  const note = vi.fn<(text: string) => void>();
  const list = async (limit?: string) => {
    const options = new CommandOptions({ limit });
    const output = Object.assign(new Output({ isJson: false }), { note });
    const client = new ApiClient(origin, () => undefined);
    return (await client.list("/threads", z.string(), limitOf({ options, output }))).length;
  };
  expect([await list(), note.mock.calls]).toEqual([50, []]);
  total = 51;
  expect([await list(), note.mock.calls]).toEqual([
    50,
    [["These are the first 50. --limit shows more."]],
  ]);
  expect([await list("500"), note.mock.calls.length]).toEqual([51, 1]);
  await expect(list("10001")).rejects.toThrow("--limit takes at most 10000.");
});

test.each([true, false])(
  "a list that has cursors (%s) is listed once each, though it grows meanwhile",
  async (hasCursors) => {
    const all = Array.from({ length: 250 }, (_, index) => index);
    vi.stubGlobal("fetch", async (url: URL) => {
      const { offset = "0", cursor } = Object.fromEntries(url.searchParams);
      const start = cursor === undefined ? Number(offset) : all.indexOf(Number(cursor)) + 1;
      const data = all.slice(start, start + Number(url.searchParams.get("limit")));
      const has_more = all.at(-1) !== data.at(-1);
      const next = hasCursors ? { next_cursor: has_more ? String(data.at(-1)) : null } : {};
      // The newest come first.
      all.unshift(-all.length);
      return Response.json({ data, has_more, ...next });
    });
    const client = new ApiClient(origin, () => undefined);
    const found = await client.list("/threads", z.number(), { max: 1_000 });
    expect(new Set(found).size).toBe(250);
    expect(found.length === 250).toBe(hasCursors);
  },
);
