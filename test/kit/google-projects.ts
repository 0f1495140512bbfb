/** Projects, and what the caller may do on what is above them. */
import * as z from "zod";
import { type Json, ok, refused } from "./google-json.ts";
import type { GoogleWorld } from "./google-world.ts";

/** The permissions that making a project needs, on its parent and on its billing account. */
export const permissionsOutside = [
  "resourcemanager.projects.create",
  "billing.resourceAssociations.create",
] as const;

export function resourceAnswer(world: GoogleWorld, path: string, body: string): Json {
  if (path.endsWith(":testIamPermissions")) return permissionsOnOthers(world, body);
  const id = path.replace("/v3/projects/", "");
  const other = world.otherProjects[id];
  if (other !== undefined) return ok({ name: "projects/210987654321", projectId: id, ...other });
  // Google hides which projects there are.
  if (id !== world.project || world.projectState === null) {
    return refused(403, "The caller does not have permission");
  }
  const { number, parent, projectState: state } = world;
  return ok({ name: `projects/${number}`, projectId: id, state, ...(parent && { parent }) });
}

/** On an organisation, a folder or a billing account; unknown names are refused as elsewhere. */
export function permissionsOnOthers({ heldOutside }: GoogleWorld, body: string): Json {
  const { permissions } = z.object({ permissions: z.array(z.string()) }).parse(JSON.parse(body));
  const unknown = permissions.find((name) => !permissionsOutside.some((known) => known === name));
  if (unknown !== undefined) {
    return refused(400, `Permission ${unknown} is not valid for this resource.`);
  }
  const held = permissions.filter((name) => heldOutside.includes(name));
  return ok(held.length === 0 ? {} : { permissions: held });
}
