/** A field that would bound something is never ignored because it is misspelt. */
import { describe, expect, test } from "vitest";
import type * as z from "zod";
import { sayWhatToChange } from "../pipeline/issue-sentences.ts";
import { KeyClose, KeyCreate, KeyRotate, KeyUpdate } from "./api-key.ts";
import { MessageCreate } from "./message-create.ts";
import { NetworkInput } from "./network.ts";
import { bindingOf, SecretCreate, SecretWrite } from "./secret.ts";

/** The faults of `body`, as `field: what to change`. */
function refusals(schema: z.ZodType, body: unknown): string[] {
  const parsed = schema.safeParse(body, { error: sayWhatToChange });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const meant = (field: string, name: string) =>
  `${field}: isn't taken here: perhaps ${name} is meant`;
const secret = { key: "K", value: "sk-12345678" };

describe("SEC-5 a secret", () => {
  test.each([
    [{ host: ["api.example.com"] }, meant("host", "hosts")],
    [{ Hosts: ["api.example.com"] }, meant("Hosts", "hosts")],
    [{ header: ["x-api-key"] }, meant("header", "headers")],
    [
      { domains: ["api.example.com"] },
      "domains: isn't taken here: what is taken is key, value, hosts, headers",
    ],
  ])("with %j isn't put into the sandbox", (field, message) => {
    expect(refusals(SecretCreate, { ...secret, ...field })).toEqual([message]);
    const { key: _, ...written } = secret;
    const [refusal] = refusals(SecretWrite, { ...written, ...field });
    expect(refusal).toBe(message.replace("key, value", "value"));
  });

  test("of a message can't be bound", () => {
    const body = { content: "true", secrets: [{ ...secret, hosts: ["api.example.com"] }] };
    expect(refusals(MessageCreate, body)).toEqual([
      "secrets.0.hosts: can't bind a message's secret: store it in the environment, bound",
    ]);
    const misspelt = { content: "true", secrets: [{ ...secret, host: ["api.example.com"] }] };
    expect(refusals(MessageCreate, misspelt)).toEqual([meant("secrets.0.host", "hosts")]);
  });

  test("is taken as a list shows it, and as clients of the public API write it", () => {
    const { key, value } = secret;
    expect(refusals(SecretCreate, { key, value, hasValue: true })).toEqual([]);
    expect(refusals(SecretWrite, { key, value })).toEqual([]);
    expect(refusals(SecretWrite, { value })).toEqual([]);
    const bound = SecretCreate.parse({ ...secret, hosts: ["api.example.com"] });
    expect(bindingOf(bound)?.hosts).toEqual(["api.example.com"]);
  });
});

describe("KEY-4 a key", () => {
  test.each([
    [{ maxCostPerday: 1 }, "maxCostPerDay"],
    [{ max_cost_per_execution: 1 }, "maxCostPerExecution"],
    [{ addressRange: ["10.0.0.0/8"] }, "addressRanges"],
    [{ environmentId: "env_x" }, "environmentIds"],
    [{ expiresAt: "2026-12-31" }, "expiresIn"],
    [{ scope: ["threads:read"] }, "scopes"],
  ])("with %j isn't made without that bound", (field, name) => {
    const [given = ""] = Object.keys(field);
    expect(refusals(KeyCreate, { name: "n", ...field })).toEqual([meant(given, name)]);
  });

  test("isn't changed, rotated or closed with what would be ignored", () => {
    expect(refusals(KeyUpdate, { maxCostPerDay: 1 })[0]).toContain("maxCostPerDay: isn't taken");
    expect(refusals(KeyRotate, { gracePeriod: 0, gracePeriodHour: 0 })).toEqual([
      "gracePeriod: isn't taken here: what is taken is gracePeriodHours, expiresIn",
      meant("gracePeriodHour", "gracePeriodHours"),
    ]);
    expect(refusals(KeyClose, { keepExecution: true })).toEqual([
      meant("keepExecution", "keepExecutions"),
    ]);
  });

  test("is made with what clients of the public API send", () => {
    const body = { name: "n", description: null, expiresIn: 30, scopes: ["*"], metadata: null };
    const more = { prefix: "tb_", keyType: "standard", userId: null };
    expect(refusals(KeyCreate, { ...body, ...more })).toEqual([]);
    expect(refusals(KeyUpdate, { name: "n", description: null, metadata: null })).toEqual([]);
  });
});

describe("NET-2 a network", () => {
  const allowing = (entry: object) => ({ mode: "allowlist", allow: [entry] });

  test.each([
    [allowing({ host: "a.example.com", port: 8443 }), meant("allow.0.port", "ports")],
    [allowing({ host: "a.example.com", Ports: [8443] }), meant("allow.0.Ports", "ports")],
    [{ ...allowing({ host: "a.example.com" }), allowed: [] }, meant("allowed", "allow")],
    [{ mode: "internet", deny: ["b.example.com"] }, "deny: isn't taken here: what is taken is"],
    [
      { mode: "internet", allow: [{ host: "a.example.com" }] },
      'allow: must be left out or empty, or the mode must be "allowlist"',
    ],
  ])("%j isn't another one than was asked for", (body, message) => {
    expect(refusals(NetworkInput, body)).toEqual([expect.stringContaining(message)]);
  });

  test.each(["none", "internet"])("%s is taken as it is shown", (mode) => {
    expect(refusals(NetworkInput, { mode, allow: [] })).toEqual([]);
  });
});
