import { randomBytes } from "node:crypto";
import { checkKey, composeKey, type Mode } from "#shared/core/keys/api-key";
import { ApiKeyCache } from "#shared/keys/api-key-cache";
import { Store } from "#shared/store/store";
import { openFirestore } from "../local/firestore/admin-client.ts";
import type { Bench } from "./figure.ts";
import { newOwner } from "./owners.ts";

const checks = { short: 2_000, full: 20_000 };
const mode: Mode = "development";
const client = { address: "127.0.0.1", userAgent: "bench", requestId: "req_1" };

/**
 * CPU time of checking a key that was read a moment ago: its form, its HMAC under two peppers as
 * during a rotation, its SHA-256, and the entry's bounds. The clock stands still, so the entry
 * stays fresh.
 */
export async function keyCheckCpuMs(bench: Bench): Promise<number> {
  const database = openFirestore(bench.environment);
  const store = new Store(database);
  const keys = new ApiKeyCache(() => store, {
    now: Date.now,
    elapsed: () => 0,
    newId: () => "none",
    refused: () => undefined,
  });
  const { key } = await newOwner(bench);
  const peppers = [randomBytes(32), randomBytes(32)];
  const [, pepper = randomBytes(32)] = peppers;
  const composed = composeKey(mode, randomBytes(28), pepper);
  const check = async () => {
    if (checkKey(composed, peppers) !== mode) throw new Error("a key that its pepper denies");
    const { confirmed } = await keys.find(key, { mode, ...client });
    await confirmed;
  };
  const count = checks[bench.effort];
  // Once to read the key, then often enough for the code to be compiled.
  for (let warm = 0; warm < count / 4; warm += 1) await check();
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await check();
  const { user, system } = process.cpuUsage(before);
  await database.terminate();
  return (user + system) / 1_000 / count;
}
