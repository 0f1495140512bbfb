import { expect, test } from "vitest";
import { lockName } from "../cloud/name-lock.ts";
import { freePorts } from "./free-ports.ts";

test("freePorts() gives ports that no other process is given before somebody listens", async () => {
  const ports = await freePorts(3);
  expect(new Set(ports).size).toBe(3);
  const taken = await Promise.all(ports.map(async (port) => await lockName(`port-${port}`)));
  expect(taken).toEqual([null, null, null]);
});
