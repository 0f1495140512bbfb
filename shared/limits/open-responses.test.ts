import { describe, expect, test } from "vitest";
import { OpenResponses } from "./open-responses.ts";

const refused = expect.objectContaining({ code: "STREAMS_LIMITED", status: 429 });

describe("TEN-2 OpenResponses", () => {
  test("bounds what one key has open, and leaves room to the owner's other keys", () => {
    const open = new OpenResponses({ openPerKeyMax: 2, openPerOwnerMax: 3 });
    open.take("key_a", "owner");
    open.take("key_a", "owner");
    expect(() => open.take("key_a", "owner")).toThrow(refused);
    open.take("key_b", "owner");
    expect(() => open.take("key_b", "owner")).toThrow(refused);
    open.take("key_c", "neighbour");
  });

  test("gives a place back once, and counts nothing of what it refused", () => {
    const open = new OpenResponses({ openPerKeyMax: 1, openPerOwnerMax: 2 });
    const close = open.take("key_a", "owner");
    expect(() => open.take("key_a", "owner")).toThrow(refused);
    close();
    close();
    open.take("key_a", "owner");
    open.take("key_b", "owner");
    expect(() => open.take("key_c", "owner")).toThrow(refused);
  });
});
