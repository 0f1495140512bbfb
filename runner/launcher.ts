/** The runner's first program: root, small, and the only one that can start or end a sandbox. */
import { main } from "./launcher/main.ts";

main();
