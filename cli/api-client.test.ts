import { afterEach, expect, test, vi } from "vitest";
import { ApiClient } from "./api-client.ts";
import { encodedPath, remotePlaceFrom } from "./commands/places.ts";

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
