import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { nothingAround } from "#shared/environments/shown-environments";
import { mintOwner } from "#shared/identity/owner";
import { getDefaultEnvironment } from "./get-default-environment.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const body = EnvironmentCreate.parse({ name: "default", isDefault: true });
const environment = newEnvironment(body, { id: "env_1", publicKey: "public", now: 5 });

test.each([
  ["is made", {}, undefined],
  ["was there and is marked again", { isMarkedAgain: true }, "environment.updated"],
])("AUD-7 a default environment that %s has the row of that", (_what, found, action) => {
  const data = { environment, writes: [], around: nothingAround, ...found };
  const decided = getDefaultEnvironment.decide({ caller: { owner }, data } as never);
  expect(decided).toMatchObject({ subject: "env_1" });
  expect(decided.action).toBe(action);
});
