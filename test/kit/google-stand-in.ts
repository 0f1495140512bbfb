/**
 * What the fake programs ask the fake Google, which real ones couldn't: to move its clock, and what
 * an apply, a build or a state meets there.
 */
import type { GoogleRequest, GoogleWorld } from "./google-world.ts";

/** The errors are Google's own words. */
const contention = "googleapi: Error 409: There were concurrent policy changes, aborted";
const noSecret =
  "Error waiting to create Service: Error code 9, message: Permission denied on secret: peppers for Revision service account fn-keys@demo-1234.iam.gserviceaccount.com";
const isProtected =
  "cannot destroy service without setting deletion_protection=false and running terraform apply";
const noBuild =
  "ERROR: (gcloud.builds.submit) PERMISSION_DENIED: The caller does not have permission";

/** @returns Null for what is Google's own. */
export function standInAnswer(
  world: GoogleWorld,
  { host, path }: GoogleRequest,
  query: URLSearchParams,
): object | null {
  const { first } = world;
  if (host === "clock.test") {
    world.nowMs += Number(query.get("ms"));
    return {};
  }
  if (host !== "stand-in.test") return null;
  switch (path) {
    case "/build": {
      if (first.buildRefusals === 0) return { error: null };
      first.buildRefusals -= 1;
      return { error: noBuild };
    }
    case "/state":
      return { isTainted: first.service.isTainted };
    case "/untaint":
      first.service.isTainted = false;
      return {};
    case "/grant":
      first.grantedAtMs ??= world.nowMs;
      return { error: null };
    case "/apply":
      return { error: applyError(world) };
    default:
      return null;
  }
}

function applyError({ nowMs, first }: GoogleWorld): string | null {
  if (first.service.isTainted && first.service.isProtected) return isProtected;
  if (first.contentions > 0) {
    first.contentions -= 1;
    return contention;
  }
  first.grantedAtMs ??= nowMs;
  if (nowMs >= first.grantedAtMs + first.grantsWorkAfterMs) return null;
  first.service.isTainted = true;
  return noSecret;
}
