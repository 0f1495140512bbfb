/**
 * What the product writes to its log while a test runs belongs to that test: it is shown if the
 * test fails, and otherwise not. Vitest sees only what goes through the console.
 */
process.stdout.write = (chunk: string | Uint8Array): boolean => {
  console.log(String(chunk).replace(/\n$/, ""));
  return true;
};
