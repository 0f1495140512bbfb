/** The incidents that concern an owner. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getIncident } from "./get-incident.ts";
import { listIncidents } from "./list-incidents.ts";

export const service: Service = {
  name: "incidents",
  summary: "The incidents that concern an owner",
  visibility: "edge",
  routes: [listIncidents, getIncident],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
