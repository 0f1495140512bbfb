/** The scopes of keys. `*` stands for everything that an owner can allow a key. */
export const scopes = [
  "*",
  "threads:read",
  "threads:write",
  "agents:read",
  "agents:write",
  "environments:read",
  "environments:write",
  "files:read",
  "files:write",
  "secrets:write",
  "schedules:read",
  "schedules:write",
  "billing:read",
  "keys:read",
  "keys:write",
  "account:read",
  "account:write",
  "account:delete",
  "audit:read",
  "execute",
] as const;
export type Scope = (typeof scopes)[number];

/** The public API has no scopes for files and secrets: an environment's scopes cover both. */
const implied: Partial<Record<Scope, readonly Scope[]>> = {
  "environments:read": ["files:read"],
  "environments:write": ["files:write", "secrets:write"],
};

export function allows(granted: readonly Scope[], needed: Scope): boolean {
  return granted.some(
    (scope) => scope === "*" || scope === needed || implied[scope]?.includes(needed) === true,
  );
}

/** Whether `outer` allows everything that `inner` allows; no key can make a more powerful one. */
export function isWithin(inner: readonly Scope[], outer: readonly Scope[]): boolean {
  return inner.every((scope) => outer.includes("*") || (scope !== "*" && allows(outer, scope)));
}
