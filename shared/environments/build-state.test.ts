/** What is known of an environment's build without one. */
import { expect, test } from "vitest";
import { EnvironmentCreate } from "../contract/environment.ts";
import type { Environment } from "../store/environments.ts";
import { buildState } from "./build-state.ts";
import { newEnvironment } from "./new-environment.ts";

function environmentWith(dockerfileExtensions: string): Environment {
  const body = EnvironmentCreate.parse({ name: "built", dockerfileExtensions });
  return newEnvironment(body, { id: "env_1", publicKey: "k", now: 1 });
}

test("what keeps a Dockerfile from being built is said each time, of each by itself", () => {
  const states = ["RUN true", "X 1", "RUN true", "\nX 1", "X 1"].map(
    (text) => buildState(environmentWith(text), null).error,
  );
  const first = "Line 1: X isn't supported: RUN, ENV and WORKDIR are.";
  const second = "Line 2: X isn't supported: RUN, ENV and WORKDIR are.";
  expect(states).toEqual([null, first, null, second, first]);
});

test("TEN-1 a page of environments doesn't read all of their Dockerfiles each time", () => {
  const page = Array.from({ length: 100 }, (_, index) =>
    environmentWith(`RUN true ${index}\nENV ${"a= ".repeat(16_000)}`),
  );
  const show = () => page.map((environment) => buildState(environment, null).status);
  show();
  const began = process.cpuUsage();
  expect(new Set(show())).toEqual(new Set(["pending"]));
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(400);
});

test("TEN-1 what is remembered of a Dockerfile is short, however long its words are", () => {
  const { error } = buildState(environmentWith("y".repeat(40_000)), null);
  expect(error).toContain("Line 1: YYYY");
  expect(error?.length).toBeLessThanOrEqual(500);
});
