import { describe, expect, test } from "vitest";
import { allows, isWithin } from "./scopes.ts";

describe("allows()", () => {
  test("a star allows everything, another scope only itself", () => {
    expect(allows(["*"], "execute")).toBe(true);
    expect(allows(["threads:read"], "threads:write")).toBe(false);
    expect(allows([], "threads:read")).toBe(false);
  });

  test("an environment's scopes cover its files and secrets, and not the other way round", () => {
    expect(allows(["environments:write"], "files:write")).toBe(true);
    expect(allows(["environments:read"], "files:write")).toBe(false);
    expect(allows(["environments:write"], "secrets:write")).toBe(true);
    expect(allows(["environments:read"], "secrets:write")).toBe(false);
    expect(allows(["secrets:write"], "environments:write")).toBe(false);
  });
});

describe("isWithin()", () => {
  test("nobody but a star may make a star", () => {
    expect(isWithin(["*"], ["*"])).toBe(true);
    expect(isWithin(["*"], ["execute", "keys:write"])).toBe(false);
  });

  test("a part of one's own scopes is within them, anything more isn't", () => {
    expect(isWithin(["execute"], ["execute", "keys:write"])).toBe(true);
    expect(isWithin(["files:read"], ["environments:read"])).toBe(true);
    expect(isWithin(["execute", "billing:read"], ["execute"])).toBe(false);
  });
});
