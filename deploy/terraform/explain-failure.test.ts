import { expect, test } from "vitest";
import { explainFailure } from "./explain-failure.ts";

const box = (text: string, address = "module.functions.google_cloud_run_v2_service.default") =>
  `╷\n│ Error: ${text}\n│ \n│   with ${address},\n│   on main.tf line 1\n╵\n`;

test.each([
  "Error waiting to create Service: Error code 9, message: Permission denied on secret: x",
  "Error creating Index: googleapi: Error 409: Please retry, there was contention",
  "Error applying IAM policy: There were concurrent policy changes",
  "Error creating CryptoKeyIamMember: Error 400: Service account service-1@x does not exist.",
  "Error code 9, message: Image x denied by attestor projects/p/attestors/built-by-cloud-build",
  // A new metric takes up to ten minutes; the program tries for eleven.
  'googleapi: Error 404: Cannot find metric that matches type = "logging.googleapis.com/user/x"',
  "googleapi: Error 403: Cloud Run API has not been used in project 1 before",
])("%s passes", (text) => {
  expect(explainFailure(box(text)).kind).toBe("passes");
});

test("one error that stays ends the waiting for others", () => {
  const both = box("googleapi: Error 409: retry") + box("googleapi: Error 403: no billing account");
  expect(explainFailure(both).kind).toBe("stays");
});

test("what exists already is named, with the way to take it over", () => {
  const failure = explainFailure(box("googleapi: Error 409: Already exists: alreadyExists", "a.b"));
  expect(failure).toMatchObject({ kind: "stays" });
  expect(JSON.stringify(failure)).toContain("terraform import 'a.b' ID");
});

test("a failure without an error is nothing to wait for", () => {
  expect(explainFailure("").kind).toBe("stays");
});
