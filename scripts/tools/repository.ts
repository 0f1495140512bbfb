import { dirname } from "node:path";

/** Absolute path of the checkout this script belongs to. */
export const repositoryRoot = dirname(dirname(import.meta.dirname));
