import { describe, expect, test } from "vitest";
import * as z from "zod";
import { mintOwner } from "../identity/owner.ts";
import { agents } from "./agents.ts";
import { isVisible, parseStored } from "./documents.ts";
import { messages, threads } from "./threads.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "production");

describe("OWN-3 an owner's documents", () => {
  test("lie under the owner, nested ones under their own", () => {
    expect(agents.of(owner, "agent_1").path).toBe(`owners/${owner.id}/agents/agent_1`);
    expect(messages.of(owner, "thread_1", "msg_1").path).toBe(
      `owners/${owner.id}/threads/thread_1/messages/msg_1`,
    );
    expect(messages.all(owner, "thread_1").path).toBe(
      `owners/${owner.id}/threads/thread_1/messages`,
    );
  });

  test("open to nobody but an owner that authentication minted", () => {
    // @ts-expect-error A plain string isn't an owner.
    expect(agents.of(owner.id, "agent_1").path).not.toContain(owner.id);
    // @ts-expect-error An object that looks like one isn't either.
    expect(agents.of({ id: owner.id, mode: "production" }, "agent_1")).toBeDefined();
  });

  test.each(["user_short", "../x", `agent_${"a".repeat(21)}`, ""])("%j mints none", (id) => {
    expect(() => mintOwner(id, "production")).toThrow();
  });

  test.each(["", "a/b", "../x"])("an id can't be %j: it would lead elsewhere", (id) => {
    expect(() => agents.of(owner, id)).toThrow();
  });
});

describe("KEY-4 an owner as a key sees it that is limited to environments", () => {
  const limited = mintOwner(owner.id, "production", ["env_a"]);
  const thread = threads.of(limited, "thread_1");

  test("has no documents of other environments", () => {
    expect(isVisible(thread, { environmentId: "env_a" })).toBe(true);
    expect(isVisible(thread, { environmentId: "env_b" })).toBe(false);
    expect(isVisible(thread, {})).toBe(false);
    expect(threads.all(limited).within).toEqual({ field: "environmentId", ids: ["env_a"] });
  });

  test("has all documents that belong to no environment, and all of them without a limit", () => {
    expect(isVisible(agents.of(limited, "agent_1"), { id: "agent_1" })).toBe(true);
    expect(isVisible(threads.of(owner, "thread_1"), { environmentId: "env_b" })).toBe(true);
  });
});

describe("a stored document", () => {
  const Known = z.object({ v: z.literal([1, 2]), name: z.string() });

  test("of a newer release's version is unavailable, not broken", () => {
    expect(parseStored(Known, { v: 1, name: "a" })).toEqual({ v: 1, name: "a" });
    const newer = () => parseStored(Known, { v: 3, name: "a" });
    expect(newer).toThrowError(expect.objectContaining({ code: "UNAVAILABLE" }));
  });

  test("that doesn't match for any other reason is a mistake of ours", () => {
    expect(() => parseStored(Known, { v: 2, name: 1 })).toThrowError(z.ZodError);
  });
});
