/**
 * Import this before any schema is made. zod compiles a validator for each object schema it parses
 * with, which pays off after hundreds of parses; a supervisor makes a dozen.
 */
import { config } from "zod";

config({ jitless: true });
