import { expect, test } from "vitest";
import { removeFiles } from "./files.ts";

test("nothing is deleted if one of several places names no environment", async () => {
  const deleted: string[] = [];
  const client = {
    list: async () => [{ id: "env_1", name: "one" }],
    send: async (path: string) => void deleted.push(path),
  };
  const removing = (args: readonly string[]) =>
    removeFiles({
      ...{ args, client: async () => client },
      options: { flag: () => true },
      output: { done: () => undefined },
    } as never);
  await expect(removing(["one:a", "two:b"])).rejects.toThrow("two");
  expect(deleted).toEqual([]);
  await removing(["one:a", "one:b"]);
  expect(deleted).toEqual(["/environments/env_1/files/a", "/environments/env_1/files/b"]);
});
