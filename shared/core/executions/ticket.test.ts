import { describe, expect, test } from "vitest";
import { formatTicket, issueToken, parseTicket, verifyToken } from "./ticket.ts";

const id = (prefix: string) => `${prefix}_${"a".repeat(21)}`;
const ticket = {
  ownerId: id("user"),
  environmentId: id("env"),
  executionId: id("run"),
  attempt: 2,
  secret: "ab".repeat(32),
};
const claims = {
  ownerId: id("user"),
  executionId: id("run"),
  threadId: id("thread"),
  environmentId: id("env"),
  attempt: 2,
  expiresAt: 1_000,
};
const keys = { current: "2", keys: { "1": Buffer.alloc(32, 1), "2": Buffer.alloc(32, 2) } };

describe("parseTicket()", () => {
  test("gives back what was formatted", () => {
    expect(parseTicket(formatTicket(ticket))).toEqual(ticket);
  });

  test.each([
    "",
    "a.b.c.1.d",
    `${formatTicket(ticket)}.x`,
    formatTicket(ticket).replace(".2.", ".0."),
  ])("refuses %j", (text) => {
    expect(parseTicket(text)).toBeNull();
  });
});

describe("verifyToken()", () => {
  const token = issueToken("control", claims, keys);

  test("a token holds until it expires, under any key we still have", () => {
    expect(verifyToken("control", token, { keys, now: 999 })).toEqual({ ...claims, signedBy: "2" });
    const older = issueToken("control", claims, { ...keys, current: "1" });
    expect(verifyToken("control", older, { keys, now: 0 })).toEqual({
      ...claims,
      signedBy: "1",
    });
    expect(verifyToken("control", token, { keys, now: 1_000 })).toBeNull();
  });

  test("a token for one purpose is worth nothing for the other", () => {
    expect(verifyToken("model", token, { keys, now: 0 })).toBeNull();
  });

  test.each(["constructor", "__proto__", "toString", "3", ""])("no key is called %j", (keyId) => {
    expect(verifyToken("control", `control.${keyId}.e30.x`, { keys, now: 0 })).toBeNull();
  });

  test("no changed part passes", () => {
    const [kind, key, payload = "", signature] = token.split(".");
    const other = Buffer.from(JSON.stringify({ ...claims, attempt: 3 })).toString("base64url");
    for (const forged of [
      [kind, key, other, signature],
      [kind, "1", payload, signature],
      [kind, "3", payload, signature],
      [kind, key, payload, ""],
      [kind, key, payload],
      [kind, "constructor", payload, signature],
      [kind, "__proto__", payload, signature],
    ]) {
      expect(verifyToken("control", forged.join("."), { keys, now: 0 })).toBeNull();
    }
  });
});
