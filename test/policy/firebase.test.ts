/** The emulators' own command loads our rules, and no other one deploys indexes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

test("firebase.json names one database's rules, because with several the emulator loads none", () => {
  const text = readFileSync(join(repositoryRoot, "firebase.json"), "utf8");
  const { firestore } = z.object({ firestore: z.unknown() }).parse(JSON.parse(text));
  expect(firestore).toEqual({ rules: "firestore.rules" });
});
