/** What no role gives a workflow's account, where an organisation sets deny policies. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned, planOf } from "./support/plan.ts";

const principalOf = (name: string) =>
  `principal://iam.googleapis.com/projects/-/serviceAccounts/paddock-${name}@paddock-test.iam.gserviceaccount.com`;

describe.skipIf(!isPlanned)("a deny policy", () => {
  test("OPS-10 in an organisation no role lets them read data, and the state they may", () => {
    const [policy, ...others] = planOf("workflows").resources("google_iam_deny_policy");
    expect(others).toEqual([]);
    const rules = z
      .array(z.object({ deny_rule: z.tuple([z.looseObject({})]) }))
      .parse(policy?.values.rules)
      .map(({ deny_rule: [rule] }) => rule);
    for (const rule of rules) {
      expect(rule.denied_principals).toEqual(["deploy", "plan"].map(principalOf));
      expect(rule.exception_principals ?? []).toEqual([]);
    }
    expect(rules.flatMap((rule) => rule.denied_permissions)).toEqual([
      "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt",
      "datastore.googleapis.com/entities.get",
      "iam.googleapis.com/serviceAccountKeys.create",
      "iam.googleapis.com/serviceAccounts.getAccessToken",
      "iam.googleapis.com/serviceAccounts.getOpenIdToken",
      "iam.googleapis.com/serviceAccounts.implicitDelegation",
      "iam.googleapis.com/serviceAccounts.signBlob",
      "iam.googleapis.com/serviceAccounts.signJwt",
      "secretmanager.googleapis.com/versions.access",
      "storage.googleapis.com/objects.get",
    ]);
    expect(rules[1]?.denial_condition).toMatchObject([
      { expression: "!resource.matchTag('paddock-test/paddock-deployment', 'yes')" },
    ]);
    const tagged = planOf("workflows").resources("google_tags_location_tag_binding");
    expect(tagged.map(({ index }) => index)).toEqual(["build", "state"]);
    expect(planOf("bootstrap").resources("google_iam_deny_policy")).toEqual([]);
  });
});
