/**
 * Loaded before a function by NODE_OPTIONS: its wall clock is ahead by as many milliseconds as the
 * file TEST_CLOCK_FILE says now, so that a test can move it while the process runs.
 */
const { readFileSync } = require("node:fs");

const file = process.env.TEST_CLOCK_FILE;
const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(file, "utf8"));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, called) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, called),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});
