import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import type { ChangeRoute } from "#shared/pipeline/route";
import { accountWith, now } from "../../test/kit/sample-account.ts";
import { forkFromSnapshot } from "./fork-environment.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");

/** What a fork's commit makes of an environment. */
function forkOf(source: object): unknown {
  const decide: ChangeRoute["decide"] = forkFromSnapshot.decide;
  const data = { source, snapshot: { id: "snap_1", head: null }, id: "env_fork", publicKey: "k" };
  const counted = { count: 1, made: null };
  const context = { caller: { owner }, body: { name: "fork" }, account: accountWith(), now };
  const { writes } = decide({ ...context, data: { ...data, counted } } as never);
  const [made] = writes;
  return made && "value" in made ? made.value : null;
}

test("a fork has a thread of its own for what git is run for in it", () => {
  const identity = { id: "env_source", publicKey: "k", now };
  const source = newEnvironment(EnvironmentCreate.parse({ name: "source" }), identity);
  const used = { ...source, gitThreadId: "thread_of_source", isDefault: true };
  const own = { id: "env_fork", name: "fork", gitThreadId: null, isDefault: false };
  expect(forkOf(used)).toMatchObject(own);
});
