/**
 * Waits until the container's way out works. A container in a network of its own starts before it
 * is connected: Google reports a minute and more (run/docs/configuring/vpc-direct-vpc, limitations)
 * and advises to take no request before that. Cloud Run's start-up probe ends what never connects.
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const attemptMs = 2_000;
const pauseMs = 500;

/** @param place `HOST:PORT`; empty if there is nothing to wait for. */
export async function awaitEgress(place: string): Promise<void> {
  if (place === "") return;
  const [host = "", port = ""] = place.split(":");
  while (!(await isReached(host, Number(port)))) await delay(pauseMs);
}

async function isReached(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(attemptMs, () => end(false));
    socket.once("error", () => end(false));
    socket.once("connect", () => end(true));
  });
}
