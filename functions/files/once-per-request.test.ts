import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { OncePerRequest } from "./once-per-request.ts";

const newRequest = () => ({}) as IncomingMessage;

test("a request's work is done once, and each request has its own", async () => {
  const done = new OncePerRequest<number>();
  let count = 0;
  const work = async () => {
    count += 1;
    return count;
  };
  const [first, other] = [newRequest(), newRequest()];
  expect(await done.doneBy(first)).toBeNull();
  expect(await Promise.all([done.do(first, work), done.do(first, work)])).toEqual([1, 1]);
  expect(await done.do(other, work)).toBe(2);
  expect([await done.doneBy(first), await done.doneBy(other)]).toEqual([1, 2]);
});

test("what failed is done again, and counts as not done", async () => {
  const done = new OncePerRequest<string>();
  const request = newRequest();
  await expect(done.do(request, async () => await Promise.reject("no"))).rejects.toBe("no");
  expect(await done.doneBy(request)).toBeNull();
  expect(await done.do(request, async () => "yes")).toBe("yes");
});
