/** A backlog of one owner's rows delays nobody else. Simulated: a real one takes minutes. */
import { Timestamp } from "@google-cloud/firestore";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Ref, Write } from "#shared/store/documents";

const flooder = "user_mmmmmmmmmmmmmmmmmmmmm";
const neighbour = "user_nnnnnnnnnnnnnnnnnnnnn";
const version = Timestamp.fromMillis(1);
/** What calls take in the cloud, so that a call of a minute ends. */
const queryMs = 150;
const commitMs = 350;

/** A database in which the flooder's rows never end; the neighbour has three. */
class Backlog {
  clockMs = 0;
  readonly placed = new Map([
    [flooder, 0],
    [neighbour, 0],
  ]);
  headsAsked = 0;
  #rows = 0;
  #left = 3;
  readonly #documents = new Map<string, object>();

  now = () => this.clockMs;
  random = (bytes: number) => Buffer.alloc(bytes, 1);
  store = {
    get: async (ref: Ref) => {
      const value = this.#documents.get(ref.path) ?? null;
      return { ref, value, version: value && version };
    },
    getAll: async (...refs: readonly Ref[]) =>
      refs.map((ref) => ({ ref, value: this.#documents.get(ref.path) ?? null, version })),
    findDue: async (_source: object, { field, after }: { field: string; after: string }) => {
      this.clockMs += queryMs;
      if (field !== "unsequenced") {
        this.headsAsked += 1;
        return [];
      }
      if (after < `${flooder}0`) return Array.from({ length: 400 }, () => this.#row(flooder));
      const count = after < `${neighbour}0` ? this.#left : 0;
      return Array.from({ length: count }, () => this.#row(neighbour));
    },
    commitWithoutRetry: async (writes: readonly Write[]) => {
      this.clockMs += commitMs;
      for (const { path, ...write } of writes) {
        if ("value" in write) this.#documents.set(path, write.value);
        const owner = [flooder, neighbour].find((id) => path.startsWith(`owners/${id}/audit/`));
        if (owner) this.placed.set(owner, (this.placed.get(owner) ?? 0) + 1);
        if (owner === neighbour) this.#left -= 1;
      }
    },
  };

  #row(ownerId: string) {
    this.#rows += 1;
    const id = `row_${this.#rows}`;
    const unsequenced = `${ownerId}/${String(this.#rows).padStart(15, "0")}/${id}`;
    const ref = { path: `owners/${ownerId}/audit/${id}` };
    const value = { id, ownerId, leafHash: "00".repeat(32), unsequenced };
    return { ref, found: { ref, version, value } };
  }
}

async function call(deps: Backlog): Promise<void> {
  // Settings are read once, and another test may have done so without these.
  vi.resetModules();
  const { sequence } = await import("./sequence.ts");
  await Reflect.apply(sequence.perform, sequence, [{ deps }]);
}

describe("AUD-5 a backlog of one owner's rows", () => {
  beforeEach(() => {
    vi.stubEnv("GOOGLE_CLOUD_PROJECT", "paddock-test");
    vi.stubEnv("PADDOCK_AUDIT_LOG", "paddock.test/audit/1");
  });

  test("leaves half of each call for signing", async () => {
    const backlog = new Backlog();
    await call(backlog);
    expect(backlog.headsAsked).toBeGreaterThan(0);
    expect(backlog.clockMs).toBeLessThan(60_000);
  });

  test("lets another owner's rows in after a page of its own, and goes on", async () => {
    const backlog = new Backlog();
    await call(backlog);
    expect(backlog.placed.get(neighbour)).toBe(3);
    expect(backlog.placed.get(flooder)).toBeGreaterThan(4_000);
  });
});
