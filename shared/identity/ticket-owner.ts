import { parseTicket, type Ticket } from "../core/executions/ticket.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner, type Owner } from "./owner.ts";

/**
 * The owner of the execution that a ticket claims. It may only be used to read that execution: the
 * ticket itself is checked against what was read, before anything is answered.
 * @throws {ApiError} `UNAUTHORIZED` if the text isn't a ticket.
 */
export function ticketOwner(text: string): { readonly ticket: Ticket; readonly owner: Owner } {
  const ticket = parseTicket(text);
  if (!ticket) throw new ApiError("UNAUTHORIZED", { message: "Send a valid ticket." });
  return { ticket, owner: mintOwner(ticket.ownerId, "production") };
}
