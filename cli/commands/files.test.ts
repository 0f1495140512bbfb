import { expect, test } from "vitest";
import { CommandError } from "../exits.ts";
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

test("one file that can't be deleted keeps none of the others from it", async () => {
  const deleted: string[] = [];
  const client = {
    list: async () => [{ id: "env_1", name: "one" }],
    async send(path: string) {
      if (path.endsWith("/a")) throw new CommandError("No such file.");
      deleted.push(path);
    },
  };
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const code = await removeFiles({
    ...{ args: ["one:a", "one:b"], client: async () => client },
    options: { flag: () => true },
    output: { done: say, failure: say },
  } as never);
  expect(code).toBe(1);
  expect(deleted).toEqual(["/environments/env_1/files/b"]);
  expect(said).toEqual(["one:a wasn't deleted: No such file.", "Deleted one:b."]);
});
