import colours from "picocolors";

/** On a terminal, shows `text` until the returned function is called; otherwise does nothing. */
export function showWorking(text: string): () => void {
  if (!process.stdout.isTTY) return () => undefined;
  process.stdout.write(`  ${colours.dim(`${text} …`)}`);
  return () => {
    process.stdout.write("\r\x1b[2K");
  };
}
