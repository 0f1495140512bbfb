import { expect, test } from "vitest";
import { countFields } from "./wire-fields.ts";

// Field 1: "ab"; field 2: varint 300; field 2 again: varint 1; field 3: fixed32; field 4: fixed64.
const message = Buffer.from("0a0261621" + "0ac0210011d010203042101020304050607" + "08", "hex");

test("counts each field at the top level, of every wire type", () => {
  expect(countFields(message, 1)).toBe(1);
  expect(countFields(message, 2)).toBe(2);
  expect(countFields(message, 3, 4)).toBe(2);
});

test("doesn't look into a field's own content", () => {
  const nested = Buffer.concat([Buffer.from([0x0a, message.length]), message]);
  expect(countFields(nested, 2)).toBe(0);
});

test("refuses a message that was cut off", () => {
  expect(() => countFields(message.subarray(0, -1), 1)).toThrow(RangeError);
  expect(() => countFields(Buffer.from([0x0a]), 1)).toThrow(RangeError);
});
