import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { detectSecretKind } from "./secret-kinds.ts";

const random = createHash("sha512").update("seed").digest();

describe("SEC-7 detectSecretKind()", () => {
  test.each([
    ["a GitHub token", `ghp_${random.toString("hex").slice(0, 36)}`],
    ["an AWS access key", "AKIAIOSFODNN7EXAMPLE"],
    ["a key of a model provider", `sk-proj-${random.toString("base64url")}`],
    ["a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"],
    ["a JSON web token", "x-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"],
    ["a private key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE"],
    ["an address with a password in it", "postgres://admin:hunter2@db.example.com/main"],
    ["an address with a password in it", "see git+ssh://:token@db.example.com"],
    ["an API key of this service", `tb_dev_${random.toString("hex").slice(0, 64)}`],
    ["a random value", random.toString("hex").slice(0, 40)],
    ["a random value", random.toString("base64").slice(0, 32)],
    ["a random value", random.toString("base64url").slice(0, 43)],
  ])("knows %s", (what, value) => {
    expect(detectSecretKind(value)).toBe(what);
  });

  test.each([
    "",
    "production",
    "/usr/local/share/ca-certificates/extra",
    "https://api.example.com/v1/things",
    "https://api.example.com:8443/v1/@things",
    "part.eyJ0eXBlIjoi.part of a sentence",
    "a.".repeat(32_000),
    "eyJa.eyJ".repeat(8_000),
    "us-central1-docker.pkg.dev",
    "2026-11-22T10:00:00.000Z",
    "123e4567-e89b-12d3-a456-426614174000",
    "node-v24.21.0-linux-x64",
    "The quick brown fox jumps over the lazy dog",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "com.example.service.ConfigurationManager",
  ])("accepts %j as harmless", (value) => {
    expect(detectSecretKind(value)).toBeNull();
  });
});
