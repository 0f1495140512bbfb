/** The incidents that concern an owner, and how the owner hears of them. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { confirmEmail } from "./confirm-email.ts";
import { getIncident } from "./get-incident.ts";
import { getNotifications } from "./get-notifications.ts";
import { listIncidents } from "./list-incidents.ts";
import { pushNotOffered } from "./push-not-offered.ts";
import { updateNotifications } from "./update-notifications.ts";

export const service: Service = {
  name: "incidents",
  summary: "The incidents that concern an owner, and how the owner hears of them",
  visibility: "edge",
  routes: [
    listIncidents,
    getIncident,
    getNotifications,
    updateNotifications,
    confirmEmail,
    ...pushNotOffered,
  ],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
