import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { startMailServer } from "../../test/kit/notification-servers.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  // Settings are read once; files that follow read their own.
  vi.resetModules();
});

const login = { user: "paddock", password: "a relay's password" };

/** Sends a mail to a relay that asks for a password, with a login file that holds `shown`. */
async function sendWith(shown: object | null) {
  vi.unstubAllEnvs();
  vi.resetModules();
  const server = await startMailServer(login);
  const file = join(mkdtempSync(join(tmpdir(), "paddock-mail-")), "value.json");
  if (shown) writeFileSync(file, JSON.stringify(shown));
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "paddock-test");
  vi.stubEnv("PADDOCK_NOTIFICATIONS_TEST", "loopback");
  vi.stubEnv("PADDOCK_MAIL_SERVER", server.address);
  vi.stubEnv("PADDOCK_MAIL_FROM", "security@paddock.test");
  if (shown) vi.stubEnv("PADDOCK_MAIL_LOGIN_FILE", file);
  const { sendMail } = await import("./send-mail.ts");
  const mail = { id: "dlv_1", address: "a@customer.test", subject: "s", text: "t" };
  const outcome = await sendMail(mail).catch((thrown: Error) => thrown.message);
  await server.close();
  return { outcome, count: server.taken.length };
}

test("INC-5 a relay gets the user and the password that its secret holds, or none", async () => {
  expect(await sendWith(login)).toEqual({ outcome: null, count: 1 });
  expect(await sendWith(null)).toMatchObject({ count: 0 });
  expect((await sendWith({})).outcome).toMatch(/answered 530/);
  const wrong = await sendWith({ ...login, password: "another" });
  expect(wrong.outcome).toMatch(/answered 535/);
});

test("SEC-8 a login file that can't be read is named, and never quoted", async () => {
  const { outcome } = await sendWith({ user: "paddock", secret: "a relay's password" });
  expect(outcome).toMatch(/value\.json/);
  expect(outcome).not.toContain("relay's");
});
