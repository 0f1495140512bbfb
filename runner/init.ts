/**
 * The first program inside the sandbox: it proves the walls, then runs what the supervisor sends.
 */
import { main } from "./init/main.ts";

main();
