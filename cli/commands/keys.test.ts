import { expect, test } from "vitest";
import { CommandError, exits } from "../exits.ts";
import { eachNamed } from "./each-named.ts";
import { revokeKeys } from "./keys.ts";

test("one key that can't be revoked keeps none of the others from it", async () => {
  const asked: string[] = [];
  const said: string[] = [];
  const client = {
    call: async (path: string) => {
      asked.push(path);
      if (path.includes("key_b")) throw new CommandError("Not found.");
      return { message: "Revoked.", executionIds: [] };
    },
  };
  const note = (text: string) => void said.push(text);
  const revoking = (...args: readonly string[]) =>
    revokeKeys({
      ...{ args, client: async () => client },
      options: { flag: () => true },
      output: { done: note, failure: note, note },
    } as never);
  expect(await revoking("key_a", "key_b", "key_c")).toBe(1);
  expect(asked).toEqual(["key_a", "key_b", "key_c"].map((id) => `/keys/${id}/revoke`));
  expect(said).toEqual(["key_a: Revoked.", "key_b wasn't revoked: Not found.", "key_c: Revoked."]);
  expect(await revoking("key_a")).toBe(0);
});

test("who isn't logged in is asked for none of the others", async () => {
  const asked: string[] = [];
  const work = async (name: string) => {
    asked.push(name);
    throw new CommandError("Log in first.", exits.notLoggedIn);
  };
  const args = ["a", "b"];
  await expect(eachNamed({ args } as never, "wasn't done", work)).rejects.toThrow("Log in first.");
  expect(asked).toEqual(["a"]);
});

test("who ends the own key before others is told which are left", async () => {
  const said: string[] = [];
  const output = { failure: (text: string) => void said.push(text) };
  const work = async (name: string) => {
    if (name !== "own") throw new CommandError("The key has been revoked.", exits.notLoggedIn);
  };
  const args = ["own", "b", "c"];
  const ending = eachNamed({ args, output } as never, "wasn't revoked", work);
  await expect(ending).rejects.toThrow("The key has been revoked.");
  expect(said).toEqual(["b wasn't revoked.", "c wasn't revoked."]);
});
