import { describe, expect, test } from "vitest";
import { type AuditRow, leafHash } from "./audit-row.ts";
import { canonicalBytes } from "./canonical-bytes.ts";

const row: AuditRow = {
  v: 1,
  id: "aud_000000000000000000001",
  ownerId: "user_000000000000000000001",
  at: 1_767_225_600_000,
  actor: { type: "key", id: "key_000000000000000000001" },
  action: "agent.created",
  subject: "agent_000000000000000000001",
  requestId: "req_1",
  facts: { model: "shell", count: 2 },
  sealedDetails: null,
};

describe("leafHash()", () => {
  // Trees and proofs are built from these bytes: if this fails, every old proof breaks.
  test("is fixed for good", () => {
    expect(canonicalBytes(row).toString()).toBe(
      '{"action":"agent.created","actor":{"id":"key_000000000000000000001","type":"key"},' +
        '"at":1767225600000,"facts":{"count":2,"model":"shell"},"id":"aud_000000000000000000001",' +
        '"ownerId":"user_000000000000000000001","requestId":"req_1","sealedDetails":null,' +
        '"subject":"agent_000000000000000000001","v":1}',
    );
    expect(leafHash(row)).toBe("24b2a4eb29e4aaebbb4699ff29f8c8e537c6ebbdbc06ceb3ef4f98c61f107632");
  });

  test("doesn't depend on the order of keys", () => {
    const reversed = Object.fromEntries(Object.entries(row).reverse()) as AuditRow;
    expect(leafHash(reversed)).toBe(leafHash(row));
  });

  test("changes with any field", () => {
    const changed = [
      { ...row, at: row.at + 1 },
      { ...row, facts: { ...row.facts, count: 3 } },
    ];
    for (const other of changed) expect(leafHash(other)).not.toBe(leafHash(row));
  });
});
