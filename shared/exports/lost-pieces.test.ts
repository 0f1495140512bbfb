import { expect, test } from "vitest";
import { ApiError } from "../errors/api-error.ts";
import { asFarAsStored } from "./lost-pieces.ts";

async function* breaking(error: Error) {
  yield Buffer.from("kept");
  throw error;
}

async function readAll(error: Error) {
  let losses = 0;
  const read: string[] = [];
  for await (const piece of asFarAsStored(breaking(error), () => losses++)) read.push(`${piece}`);
  return { read, losses };
}

test("a file is read up to what isn't stored, and no further failure is taken for a loss", async () => {
  expect(await readAll(new ApiError("NOT_FOUND"))).toEqual({ read: ["kept"], losses: 1 });
  for (const error of [new ApiError("UNAVAILABLE"), new Error("the bucket is gone")]) {
    await expect(readAll(error)).rejects.toBe(error);
  }
});
