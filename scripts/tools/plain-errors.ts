/**
 * Imported by commands that people start: what goes wrong is said in its own words. Where it was
 * thrown is of use to developers alone, who set `PADDOCK_TRACE=1`.
 */
import colours from "picocolors";

process.on("uncaughtException", (failure: unknown) => {
  const plain = failure instanceof Error ? failure.message : String(failure);
  const said = process.env.PADDOCK_TRACE === "1" ? failure : `${colours.red("✗")} ${plain}`;
  console.error(said);
  process.exit(1);
});
