import * as z from "zod";

/** The hosts and headers that a bound secret may go to; the sandbox holds a placeholder. */
export const SecretBinding = z.object({
  /** Lower case; `*.host` is every name below it. Over TLS, at port 443. */
  hosts: z.array(z.string()),
  /** Names of the request headers that it may appear in, lower case. */
  headers: z.array(z.string()),
});
export type SecretBinding = z.infer<typeof SecretBinding>;

/** A bound secret as the supervisor gets it; the sandbox never does. */
export const BoundSecret = SecretBinding.extend({ key: z.string(), value: z.string() });
export type BoundSecret = z.infer<typeof BoundSecret>;
