import { expect, test } from "vitest";
import { mintOwner } from "#shared/identity/owner";
import type { PageRequest } from "#shared/store/queries";
import { readLayers } from "./known-layers.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "production");

test("TEN-2 all layers are known, and none of their variables is kept", async () => {
  const all = Array.from({ length: 60 }, (_, number) => {
    const variables = [{ key: "LONG", value: "x".repeat(1_000) }];
    const sizes = { fileCount: 1, totalBytes: 1, restoreBytes: 1, builtAt: 0 };
    const id = `env_${String(number).padStart(2, "0")}`;
    return { id, layers: [{ hash: `hash of ${id}`, manifestSha256: "m", variables, ...sizes }] };
  });
  const lengths: number[] = [];
  const store = {
    findParts: async (_all: unknown, _part: unknown, { after, limit }: PageRequest) => {
      const first = after === undefined ? 0 : all.findIndex(({ id }) => id === after.id) + 1;
      const page = all.slice(first, first + limit);
      lengths.push(page.length);
      return page;
    },
  };
  const layers = await readLayers(store as never, owner);
  expect(layers.map(({ hash }) => hash)).toEqual(all.map(({ id }) => `hash of ${id}`));
  for (const layer of layers) expect(layer).not.toHaveProperty("variables");
  expect(Math.max(...lengths)).toBeLessThanOrEqual(25);
});
