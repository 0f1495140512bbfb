import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { type Strange, startStrangeServer } from "../../test/kit/strange-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  // Settings are read once; files that follow read their own.
  vi.resetModules();
});

test.each<Strange>(["a switch of protocols", "announcements without end"])(
  "INC-5 a webhook that answers %s is over at once",
  async (strange) => {
    vi.resetModules();
    vi.stubEnv("GOOGLE_CLOUD_PROJECT", "paddock-test");
    vi.stubEnv("PADDOCK_NOTIFICATIONS_TEST", "loopback");
    const server = await startStrangeServer(strange);
    onTestFinished(server.close);
    const { sendWebhook } = await import("./send-webhook.ts");
    const sent = sendWebhook(`http://127.0.0.1:${server.port}/`, { headers: {}, body: "{}" });
    expect(await sent).toBe("it gave no answer of HTTP");
  },
);
