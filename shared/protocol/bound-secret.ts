import * as z from "zod";

/** Where a secret may go, if it is bound: the sandbox holds a placeholder then. */
export const SecretBinding = z.object({
  /** Lower case; `*.host` is every name below it. Over TLS, at port 443. */
  hosts: z.array(z.string()),
  /** Names of the request's headers it may stand in, lower case. */
  headers: z.array(z.string()),
});
export type SecretBinding = z.infer<typeof SecretBinding>;

/** As the supervisor is handed it; the sandbox never is. */
export const BoundSecret = SecretBinding.extend({ key: z.string(), value: z.string() });
export type BoundSecret = z.infer<typeof BoundSecret>;
