/** The modes that this run tries in slow tests; the commit chooses one of them. */
import { sandboxModes } from "../../../runner/sandbox/arguments.ts";
import { sharedOut } from "../../kit/share.ts";

export const modesNow = sharedOut(sandboxModes, 2);
