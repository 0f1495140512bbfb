import { expect, test } from "vitest";
import { validated } from "../pipeline/parse.ts";
import { PackagesInstall } from "./build.ts";

test.each([
  { packages: ["numpy"] },
  { type: "ruby", packages: ["x"] },
  { packages: { node: ["x"] } },
])("packages in another form are told which one there is: %j", (body) => {
  const message =
    'The body must be like {"type": "python", "packages": ["numpy"]}; type is system, ';
  expect(() => validated(PackagesInstall, body, "body")).toThrowError(message);
});
