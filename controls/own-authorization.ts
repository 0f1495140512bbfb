/** How the promises of the group OWN (authorization) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const ownControls: Readonly<Record<string, Control>> = {
  "OWN-1": {
    enforcedBy: "shared/store/documents.ts",
    test: "test/security/other-owners.test.ts",
    mutation: {
      file: "shared/store/agents.ts",
      find: 'ownedCollection(["agents"], Agent)',
      replace: `{
  ...ownedCollection(["agents"], Agent),
  of: (_owner: unknown, id: string) => ({ path: "agents/" + id, schema: Agent }),
}`,
    },
  },
  "OWN-2": {
    enforcedBy: "shared/pipeline/run-route.ts",
    test: "test/security/other-owners.test.ts",
    mutation: {
      file: "shared/pipeline/run-route.ts",
      find: "return allows(caller.key.scopes, route.scope);",
      replace: "return caller.key.scopes.length > 0;",
    },
  },
  "OWN-3": {
    enforcedBy: "shared/identity/owner.ts",
    test: "shared/store/documents.test.ts",
    mutation: {
      file: "shared/identity/owner.ts",
      find: "ownerId.safeParse(id).success",
      replace: 'typeof id === "string"',
    },
  },
  "OWN-4": {
    enforcedBy: "shared/keys/further-scopes.ts",
    test: "test/scopes.test.ts",
    mutation: {
      file: "shared/keys/further-scopes.ts",
      find: "for (const scope of further.scopes) requireKeyScope(scopes, scope);",
      replace: "void [scopes, requireKeyScope];",
    },
  },
};
