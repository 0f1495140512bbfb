import { noQuery } from "../contract/common.ts";

/** What reads of an environment's settings and state have in common: a key, and nothing sent. */
export const environmentRead = {
  authenticate: "api-key",
  scope: "environments:read",
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
} as const;
