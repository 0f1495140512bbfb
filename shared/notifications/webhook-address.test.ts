import { afterAll, beforeAll, expect, test, vi } from "vitest";

beforeAll(() => {
  // Settings are read once, and another file may have read others.
  vi.resetModules();
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none");
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

test("INC-5 a refusal doesn't say whether a name of our network exists", async () => {
  const { resolveWebhook } = await import("./webhook-address.ts");
  const sentenceOf = async (url: string) =>
    await resolveWebhook(url).then(
      () => "taken",
      (refused: Error) => refused.message,
    );
  const missing = await sentenceOf("https://no-such-name.invalid/");
  expect(missing).toMatch(/internet/);
  expect(await sentenceOf("https://10.0.0.1/")).toBe(missing);
  expect(await sentenceOf("https://[::ffff:10.0.0.1]/")).toBe(missing);
  expect(await sentenceOf("https://0x7f.1/")).toBe(missing);
  expect(await sentenceOf("https://93.184.216.34/")).toBe("taken");
});
