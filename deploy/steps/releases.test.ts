import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { GoogleApi } from "../google/api.ts";
import { hasAnswered } from "./health-alert.ts";
import { listReleases } from "./releases.ts";

const idOf = (number: number) => `20260101T${String(number).padStart(9, "0")}Z-abc`;
const names = Array.from({ length: 10 }, (_, number) => `releases/${idOf(number)}.json`);

/** Google, which lists objects oldest first, three to a page, or refuses with that status. */
async function googleThat(status: number | null) {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    // Tokens of Google's are base64.
    const begin = Number(searchParams.get("pageToken")?.replace("+/=", "") ?? 0);
    const items = names.slice(begin, begin + 3).map((name) => ({ name }));
    const isLast = begin + 3 >= names.length;
    response.writeHead(status ?? 200, { "content-type": "application/json" });
    const more = isLast ? {} : { nextPageToken: `+/=${begin + 3}` };
    response.end(JSON.stringify(status === null ? { items, ...more } : {}));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const credentials = {
    ...{ from: "a test", needsQuotaProject: false, isShortLived: false },
    accessToken: async () => "token",
  };
  const { port } = server.address() as AddressInfo;
  const google = new GoogleApi(credentials, "demo-1234", `http://127.0.0.1:${port}`);
  return { google, options: { project: "demo-1234" } };
}

test("the newest release is the last of all pages", async () => {
  const found = await listReleases(await googleThat(null));
  expect([found.length, found[0]?.id]).toEqual([10, idOf(9)]);
});

test("a list that can't be had now isn't an empty one", async () => {
  await expect(listReleases(await googleThat(501))).rejects.toThrow("can't be listed");
  expect(await listReleases(await googleThat(404))).toEqual([]);
});

test("an alert that woke isn't put to sleep because a look failed", async () => {
  await expect(hasAnswered(await googleThat(501))).rejects.toThrow("can't be seen");
  expect(await hasAnswered(await googleThat(404))).toBe(false);
});
