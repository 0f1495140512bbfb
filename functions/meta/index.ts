/** Public facts about the service; this function has no rights at all. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getHealth } from "./get-health.ts";
import { getOpenapi } from "./get-openapi.ts";
import { getReference, getReferenceSearch, getReferenceStyle } from "./get-reference.ts";
import { getSecurityTxt } from "./get-security-txt.ts";
import { getVersion } from "./get-version.ts";
import { partsNotOffered } from "./parts-not-offered.ts";

export const service: Service = {
  name: "meta",
  summary: "Health, version, the API's description and security.txt; public",
  visibility: "edge",
  routes: [
    ...[getHealth, getVersion, getOpenapi, getSecurityTxt],
    ...[getReference, getReferenceStyle, getReferenceSearch],
    ...partsNotOffered,
  ],
  limits: defaultLimits,
  roles: [],
};
