import { create, type Write } from "../store/documents.ts";
import type { Anomaly } from "../store/incidents.ts";
import { deliveries, type NotificationSettings } from "../store/notifications.ts";
import { newDeliveries } from "./new-deliveries.ts";
import { currentTargets } from "./targets.ts";

/** What owners can choose to hear of. */
const sentences = {
  spending: "Your account has spent far more today than it usually does in a day.",
  networks: "A key of your account is used from a network that is new for it.",
  refusals: "Uses of a key of your account are refused again and again.",
} as const;

export interface ToldOwner {
  readonly ownerId: string;
  readonly settings: NotificationSettings | null;
  readonly now: number;
}

/** The notifications of an anomaly, by the channels that the owner chose for its kind (INC-6). */
export function anomalyNotifications(anomaly: Anomaly, told: ToldOwner): Write[] {
  const { id, detector, subject: about, at } = anomaly;
  const { ownerId, settings, now } = told;
  if (!settings || !isChoosable(detector)) return [];
  const facts = `About: ${about}\nAt: ${new Date(at).toISOString()}`;
  const text = `${sentences[detector]}\n\n${facts}\n\nGET /v1/audit shows what was recorded.\n`;
  const subject = "Something unusual in your account";
  const one = {
    purpose: "anomaly" as const,
    about: [id] as const,
    ownerId,
    incidentId: null,
    anomalyId: id,
    subject,
    text,
    now,
  };
  const wanted = currentTargets(settings).filter(({ channel }) =>
    settings[detector].includes(channel),
  );
  const sent = newDeliveries(one, wanted);
  return sent.map((each) => create(deliveries.doc(each.id), each));
}

function isChoosable(detector: Anomaly["detector"]): detector is keyof typeof sentences {
  return Object.hasOwn(sentences, detector);
}
