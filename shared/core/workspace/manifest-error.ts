import { Fault } from "../fault.ts";

/**
 * The bytes aren't a manifest. The message names no path, because a stranger may have chosen it.
 */
export class ManifestError extends Fault {}
