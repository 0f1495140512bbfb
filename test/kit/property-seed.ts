/**
 * Property tests draw the same cases for the same commit, and fewer in the short form. A list of up
 * to sixty steps may have sixty: by itself fast-check draws ten at most, which fill nothing.
 */
import fc from "fast-check";
import { draws } from "./draws.ts";
import { seed } from "./seed.ts";

const usualRuns = 100;

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  ...{ seed, numRuns: draws(usualRuns), defaultSizeToMaxWhenMaxSpecified: true },
});
