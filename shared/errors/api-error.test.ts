import { expect, test } from "vitest";
import { ApiError } from "./api-error.ts";
import { catalogue, type ErrorCode } from "./catalogue.ts";

test("every refusal with 503 says when to try again", () => {
  const codes = Object.keys(catalogue) as ErrorCode[];
  const unavailable = codes.filter((code) => catalogue[code].status === 503);
  expect(unavailable).toContain("UNAVAILABLE");
  for (const code of unavailable) {
    expect(new ApiError(code).headers, code).toEqual({ "retry-after": "5" });
    const own = { "retry-after": "1" };
    expect(new ApiError(code, { headers: own }).headers, code).toEqual(own);
  }
  expect(new ApiError("NOT_FOUND").headers).toEqual({});
});

test("a refused field is named in the sentence, unless the refusal has a better one", () => {
  const details = [{ field: "steps.0.dependsOn", message: 'names no step: "nobody"' }];
  const refused = new ApiError("VALIDATION_FAILED", { details });
  expect(refused.message).toBe('The field steps.0.dependsOn names no step: "nobody".');
  const message = "The period ends before it begins.";
  expect(new ApiError("VALIDATION_FAILED", { details, message }).message).toBe(message);
});
