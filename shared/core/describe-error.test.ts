import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { describeError, describeWithStack } from "./describe-error.ts";
import { Fault } from "./fault.ts";

const secret = "sk-live-4242";

/** What runtimes and libraries throw for a value, each with the value in its message. */
const quoting: Readonly<Record<string, () => unknown>> = {
  "a variable with a NUL": () => spawnSync("/bin/true", { env: { TOKEN: `${secret}\u0000` } }),
  "text that isn't JSON": () => JSON.parse(`{"value":${secret}}`),
  "a URL": () => new URL(`//${secret}`),
  "a path that isn't there": () => process.chdir(`/${secret}`),
  "a schema that quotes": () => z.strictObject({ a: z.string() }).parse({ [secret]: 1 }),
  "a name that is no function": () => Reflect.get({}, secret)(),
  "a size": () => Buffer.alloc(Object(secret)),
  "a database": () => {
    const cause = new Error(`3 INVALID_ARGUMENT: ${secret}`);
    throw Object.assign(new Error(`commit failed: ${secret}`, { cause }), { code: 3 });
  },
  "a message with lines like a stack's": () => {
    throw new Error(`x\n    at ${secret} (/a.ts:1:1)`);
  },
  "a message that was changed afterwards": () => {
    const error = new Error(`x\n${secret}`);
    error.message = "y";
    throw error;
  },
  "a name": () => {
    throw Object.assign(new Error("x"), {
      name: `Error ${secret}`,
      code: secret,
      syscall: `${secret} x`,
    });
  },
};

function thrownBy(action: () => unknown): unknown {
  try {
    const { error } = Object(action());
    if (error) return error;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("SEC-8 what is said of an error", () => {
  test.each(Object.keys(quoting))("contains nothing of the message about %s", (name) => {
    const error = thrownBy(quoting[name] ?? (() => undefined));
    expect(describeError(error)).not.toContain("4242");
    expect(describeWithStack(error)).not.toContain("4242");
    expect(describeError(error)).toMatch(/^[A-Za-z]*Error/);
  });

  test("contains class, code, cause, field and place", () => {
    const gone = Object.assign(new Error(secret), { code: "ECONNREFUSED", syscall: "connect" });
    const failed = new TypeError("fetch failed", { cause: gone });
    expect(describeError(failed)).toBe("TypeError; caused by Error ECONNREFUSED connect");
    const { error } = z
      .object({ limits: z.object({ a: z.int() }) })
      .safeParse({ limits: { a: "" } });
    expect(describeError(error)).toBe("ZodError (1: invalid_type at limits)");
    expect(describeWithStack(failed)).toMatch(/\n {4}at .*describe-error\.test\.ts:\d+:\d+/);
  });

  test("is our own message if we wrote it", () => {
    class Named extends Fault {
      override readonly name = "Named";
    }
    expect(describeError(new Fault("It broke.", { cause: new Error(secret) }))).toBe(
      "It broke.; caused by Error",
    );
    expect(describeError(new Named("It broke."))).toBe("Named: It broke.");
  });

  test.each([undefined, null, secret, { message: secret }])(
    "of %j is that it is none",
    (thrown) => {
      expect(describeError(thrown)).toBe("something that isn't an error");
    },
  );
});
