import { expect, test } from "vitest";
import { emptyManifest, type Manifest } from "#shared/core/workspace/manifest";
import { newOwner } from "#shared/owners/act-on-owner";
import { withRepository } from "./read-repository.ts";

test("TEN-1 a list of files is loaded in the request's turn, not while it waits", async () => {
  const loading: PromiseWithResolvers<Manifest>[] = [];
  const files = async () => {
    const loaded = Promise.withResolvers<Manifest>();
    loading.push(loaded);
    return await loaded.promise;
  };
  const { signal } = new AbortController();
  const read = Array.from({ length: 40 }, async (_, index) => {
    const owner = newOwner(`user_${String(index).padStart(21, "a")}`, "development");
    const none = () => "none";
    return await withRepository({ owner, signal }, { files, folder: "" }, async () => "one", none);
  });
  for (let done = 0; done < read.length; done += 1) {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));
    // Three work at a time.
    expect(loading).toHaveLength(Math.min(done + 3, read.length));
    loading[done]?.resolve(emptyManifest);
  }
  expect(new Set(await Promise.all(read))).toEqual(new Set(["none"]));
});
