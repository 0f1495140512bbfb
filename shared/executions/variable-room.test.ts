import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { secretsMax } from "../contract/secret.ts";
import { startVariablesBytesMax, variableBytes } from "../core/executions/variable-size.ts";
import { secretsBytesMax } from "../environments/write-secret.ts";
import { requireVariableRoom } from "./variable-room.ts";

/** Variables that take exactly as many bytes as the kernel counts. */
function variables(bytes: number, count: number) {
  const each = Math.floor(bytes / count);
  const rest = bytes - each * count;
  return Array.from({ length: count }, (_, index) => {
    const key = `V${String(index).padStart(6, "0")}`;
    const size = each + (index === 0 ? rest : 0);
    return { key, value: "x".repeat(size - variableBytes({ key, value: "" })) };
  });
}

const counted = (all: ReturnType<typeof variables>) =>
  all.reduce((sum, one) => sum + variableBytes(one), 0);

test.each([5, 15_000])("%i variables may fill the room, and have no byte more", (count) => {
  const full = variables(startVariablesBytesMax, count);
  expect(counted(full)).toBe(startVariablesBytesMax);
  expect(() => requireVariableRoom(full)).not.toThrow();
  const [first, ...others] = full;
  const more = [{ key: `${first?.key}`, value: `${first?.value}x` }, ...others];
  expect(() => requireVariableRoom(more)).toThrow(/programs start with at most 524288/);
});

test("a program starts with all that is taken, and with 800 KB of arguments", () => {
  const nameBytes = variableBytes({ key: "N".repeat(128), value: "" });
  const secretBytes = secretsBytesMax + secretsMax * nameBytes;
  const all = [...variables(startVariablesBytesMax, 15_000), ...variables(secretBytes, 100)];
  const named = all.map(({ key, value }, index): [string, string] => [
    `${key}_${index % 7}`,
    value,
  ]);
  const argument = "a".repeat(120_000);
  const script = 'ulimit -S -s 8192; exec /bin/true "$@"';
  const words = ["-c", script, "sh", ...Array.from({ length: 7 }, () => argument)];
  const { error, status } = spawnSync("/bin/sh", words, { env: Object.fromEntries(named) });
  expect([error, status]).toEqual([undefined, 0]);
});
