/**
 * What a change's decision needs of the owner's account. docs/adding-a-route.md says when to choose
 * which.
 * - `none`: nothing.
 * - `closing`: nothing. It revokes, suspends or ends a suspension. Its commit can't conflict with
 *   other changes, and runs alone and at once (KEY-10).
 *
 * All others get the account and may return a changed one; the name says why:
 * - `hold`: it starts an execution and sets money aside.
 * - `settle`: it ends an execution and turns its hold into a charge.
 * - `credit`: it moves money by an operator's order.
 * - `limits`: it changes caps, limits or preferences that the account stores.
 * - `admission`: it makes a key, and must fail if the key that makes it is closed meanwhile.
 * - `quota`: it makes a thing whose number is limited.
 */
export type AccountUse =
  | "none"
  | "closing"
  | "hold"
  | "settle"
  | "credit"
  | "limits"
  | "admission"
  | "quota";
