/** Replaces git, so that a checkout in use looks the same to a test. */
const [order] = process.argv.slice(2);
const answers = { "ls-files": "package.json\0", "rev-parse": `${"c".repeat(40)}\n`, status: "" };
process.stdout.write(answers[order] ?? "");
