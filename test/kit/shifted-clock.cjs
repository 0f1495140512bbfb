/** Loaded before a function by NODE_OPTIONS: its wall clock is ahead by TEST_CLOCK_AHEAD_MS. */
const aheadMs = Number(process.env.TEST_CLOCK_AHEAD_MS);
if (!Number.isSafeInteger(aheadMs)) throw new Error("TEST_CLOCK_AHEAD_MS is no whole number");
const RealDate = Date;
const now = () => RealDate.now() + aheadMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, called) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, called),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});
