import { expect, test } from "vitest";
import { type Host, parseHost } from "#shared/core/network/network-policy";
import { isPlatformAddress, isPlatformName } from "./platform.ts";

const host = (text: string) => parseHost(text) as Host;

test("services of the platform are no hosts, unless executions have a project of their own", () => {
  for (const name of ["run.app", "Maintenance-x-uc.a.RUN.app."]) {
    expect([isPlatformName(host(name), false), isPlatformName(host(name), true)]).toEqual([
      true,
      false,
    ]);
  }
  expect(isPlatformName(host("prerun.app"), false)).toBe(false);
  for (const address of ["34.143.72.2", "34.143.79.2", "216.239.32.53", "2600:1900:4247:200::"]) {
    expect([isPlatformAddress(address, false), isPlatformAddress(address, true)]).toEqual([
      true,
      false,
    ]);
  }
  expect(isPlatformAddress("34.143.80.0", false)).toBe(false);
});

test("Google's private ways to its APIs are never hosts, and its public ones are", () => {
  for (const name of ["private.googleapis.com", "restricted.googleapis.com"]) {
    expect(isPlatformName(host(name), true)).toBe(true);
  }
  expect(isPlatformName(host("storage.googleapis.com"), false)).toBe(false);
});
