/** The files of an archive that say what was unusual, and how the owner hears of it. */
import { ownersIncidentBody } from "../answers/incident-body.ts";
import { noSettings, notificationBody, shownTarget } from "../answers/notification-body.ts";
import { iso, isoOrNull } from "../contract/common.ts";
import { isExpired } from "../core/retention/expiry.ts";
import type { Owner } from "../identity/owner.ts";
import { type Anomaly, anomalies, incidents, ownersIncidents } from "../store/incidents.ts";
import {
  type Delivery,
  deliveries,
  notificationSettings,
  notificationSettingsId,
} from "../store/notifications.ts";
import { allOf } from "./all-of.ts";
import type { ArchiveEntry, ExportDeps } from "./archive-entry.ts";
import { lines, map } from "./archive-lines.ts";

const byCreation = { field: "createdAt" } as const;

export async function* noticeEntries(deps: ExportDeps, owner: Owner): AsyncGenerator<ArchiveEntry> {
  const { store } = deps;
  yield lines("notifications.ndjson", settingsOf(deps, owner));
  yield lines("incidents.ndjson", allIncidents(deps, owner));
  const unusual = allOf(store, anomalies.all(owner), byCreation);
  yield lines("anomalies.ndjson", map(unusual, anomalyBody));
  yield lines("notices.ndjson", allNotices(deps, owner));
}

/** The settings, with the addresses that were replaced lately and still get notices. */
async function* settingsOf({ store, now }: ExportDeps, owner: Owner) {
  const ref = notificationSettings.of(owner, notificationSettingsId);
  const settings = (await store.get(ref)).value ?? noSettings;
  const earlierTargets = settings.earlierTargets.map(({ channel, target, since, until }) => {
    return {
      channel,
      target: shownTarget({ channel, target }),
      since: iso(since),
      until: iso(until),
    };
  });
  yield { ...notificationBody(settings, now()), earlierTargets };
}

/** As the owner sees them: an operator's own words may name others. */
async function* allIncidents({ store }: ExportDeps, owner: Owner) {
  for await (const { id } of allOf(store, ownersIncidents.all(owner), { field: "openedAt" })) {
    const { value } = await store.get(incidents.doc(id));
    if (value) yield ownersIncidentBody(value);
  }
}

function anomalyBody({ id, detector, level, subject, amount, at, createdAt }: Anomaly): object {
  return { id, detector, level, subject, amount, at: iso(at), createdAt: iso(createdAt) };
}

async function* allNotices({ store, now }: ExportDeps, { id }: Owner) {
  const own = { ...byCreation, where: [["ownerId", id]] } as const;
  for await (const notice of allOf(store, deliveries.all(), own)) {
    if (!isExpired(notice, now())) yield noticeBody(notice);
  }
}

/** What was said, where it went, and whether it arrived. A token was never part of the text. */
function noticeBody(notice: Delivery): object {
  const { id, purpose = null, incidentId, anomalyId, channel, subject, text } = notice;
  return {
    ...{ id, purpose, incidentId, anomalyId, channel, target: shownTarget(notice), subject, text },
    state: notice.state,
    attempts: notice.attempts.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
    createdAt: iso(notice.createdAt),
    confirmedAt: isoOrNull(notice.confirmedAt),
  };
}
