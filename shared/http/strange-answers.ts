/** What a server may send that is no answer. */
import type { ClientRequest } from "node:http";

/** How many may precede an answer (1xx): a server that is out of order sends them without end. */
const interimMax = 100;

/**
 * Ends a request whose server switches protocols unasked, or says again and again that its answer
 * is still to come. Without this, neither an answer nor an error may ever come: Node only closes
 * the connection of a server that switches, and no time limit sees one that goes on talking.
 * @param fail Hears of either, once, in a few words. The request is destroyed by then.
 */
export function refuseStrangeAnswers(
  outgoing: Pick<ClientRequest, "on" | "once" | "destroy">,
  fail: (error: Error) => void,
): void {
  let interim = 0;
  outgoing.once("upgrade", (_answer, socket) => {
    socket.destroy();
    outgoing.destroy();
    fail(new Error("it switched protocols unasked"));
  });
  outgoing.on("information", () => {
    interim += 1;
    if (interim !== interimMax) return;
    outgoing.destroy();
    fail(new Error("it announced its answer too often"));
  });
}
