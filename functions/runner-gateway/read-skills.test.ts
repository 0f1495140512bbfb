/** What a claim reads of an account's skills. */
import { expect, test } from "vitest";
import { mintOwner } from "#shared/identity/owner";
import { create } from "#shared/store/documents";
import { type Skill, skills } from "#shared/store/skills";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { readSkills } from "./read-skills.ts";

const owner = mintOwner(`user_${"0".repeat(21)}`, "production");

function skill(id: string, fields: Partial<Skill> = {}): Skill {
  const texts = { description: "", markdown: "Do it.", filesJson: "[]", icon: null };
  const times = { createdAt: 0, updatedAt: 0 };
  return { v: 1, id, name: id, ...texts, category: "custom", isActive: true, ...times, ...fields };
}

test("only named skills are read, until their texts are too many", async () => {
  const large = "x".repeat(1024 * 1024);
  const all = [
    skill("newer", { name: "same" }),
    skill("older", { name: "same" }),
    skill("off", { isActive: false }),
    ...["large1", "large2", "large3", "large4"].map((id) => skill(id, { markdown: large })),
  ];
  const store = new MemoryStore();
  await store.commit(all.map((each) => create(skills.of(owner, each.id), each)));
  const read: string[] = [];
  const counting = {
    findParts: async () => all as never,
    get: async (ref: Parameters<MemoryStore["get"]>[0]) => {
      read.push(ref.path);
      return (await store.get(ref)) as never;
    },
  };
  const named = ["same", "newer", "off", "none", "large1", "large2", "large3", "large4"];
  const { skills: found, missing } = await readSkills(counting, owner, named);
  expect(found.map(({ name }) => name)).toEqual(["same", "large1"]);
  expect(missing).toEqual(["off", "none", "large2", "large3", "large4"]);
  // One that doesn't fit was read, and none after it.
  expect(read.map((path) => path.split("/").at(-1))).toEqual(["newer", "large1", "large2"]);
});
