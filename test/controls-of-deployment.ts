/**
 * The `T` halves of promises: what the Terraform configuration keeps, by policy tests over its plan
 * (`test/policy`). Other halves of the same promise stand in `controls.ts`.
 */
import type { Control } from "./controls.ts";

/** By the promise's id. */
export const controlsOfDeployment: Readonly<Record<string, Control>> = {};
