import { Fault } from "../core/fault.ts";
import type { Deps } from "./route.ts";

function none(): never {
  throw new Fault("this function's service declares no database");
}

/** The dependencies of a function without data, which starts faster because it loads no client. */
export const depsWithoutStore: Deps = {
  get store() {
    return none();
  },
  get keyStore() {
    return none();
  },
  get commits() {
    return none();
  },
  now: Date.now,
  random: none,
  newId: none,
};
