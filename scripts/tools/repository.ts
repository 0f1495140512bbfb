import { dirname } from "node:path";

/** Absolute path of the checkout that contains this script. */
export const repositoryRoot = dirname(dirname(import.meta.dirname));
