import { expect, test } from "vitest";
import { clockOf } from "../clock.ts";
import type { Plan } from "../terraform/plan-summary.ts";
import { applyPlan } from "./apply.ts";

const grant = "google_secret_manager_secret_iam_member.one";

function changeOf(address: string, action: "create" | "delete"): Plan["resource_changes"][number] {
  const type = address.split(".")[0] ?? "";
  return { address, type, mode: "managed", change: { actions: [action] } };
}

/** Answers the plans in turn, and counts what is applied. */
function terraformWith(...plans: Plan["resource_changes"][]) {
  let applied = 0;
  return {
    untaintStateless: async () => [],
    plan: async () => ({ plan: { resource_changes: plans.shift() ?? [] }, sha256: "0".repeat(64) }),
    apply: async () => {
      applied += 1;
    },
    get applied() {
      return applied;
    },
  };
}

const applying = {
  ...{ variables: {}, question: "Apply?", yes: true, clock: clockOf(null) },
  first: { targetsOf: () => [grant], untilReady: async () => undefined },
};

test("what follows a first part is applied without a further question", async () => {
  const [first, rest] = [changeOf(grant, "create"), changeOf("google_service.a", "create")];
  const terraform = terraformWith([first, rest], [first], [rest]);
  await applyPlan(terraform, applying);
  expect(terraform.applied).toBe(2);
});

test("what would destroy more than was confirmed isn't applied, minutes after the answer", async () => {
  const [first, rest] = [changeOf(grant, "create"), changeOf("google_service.a", "create")];
  const terraform = terraformWith(
    [first, rest],
    [first],
    [rest, changeOf("google_storage_bucket.workspaces", "delete")],
  );
  await expect(applyPlan(terraform, applying)).rejects.toThrow("more than what was confirmed");
  expect(terraform.applied).toBe(1);
});
