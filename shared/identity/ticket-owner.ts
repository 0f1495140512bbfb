import { parseTicket, type Ticket } from "../core/executions/ticket.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner, type Owner } from "./owner.ts";

/**
 * Whose execution a ticket claims. The owner is good for reading that execution only: whether the
 * ticket is the right one is decided on what is read, before anything is answered.
 * @throws {ApiError} `UNAUTHORIZED` if it has no ticket's form.
 */
export function ticketOwner(text: string): { readonly ticket: Ticket; readonly owner: Owner } {
  const ticket = parseTicket(text);
  if (!ticket) throw new ApiError("UNAUTHORIZED", { message: "Send a valid ticket." });
  return { ticket, owner: mintOwner(ticket.ownerId, "production") };
}
