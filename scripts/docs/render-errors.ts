import { catalogue, type Retry } from "#shared/errors/catalogue";
import { endReasons } from "#shared/errors/end-reasons";
import { code, generatedNotice, table } from "./markdown.ts";

const retryMeaning: Readonly<Record<Retry, string>> = {
  never: "no",
  after_wait: "after waiting",
  after_topup: "after adding money",
};

/** `docs/errors.md`: every refusal that a client can get. */
export function renderErrors(): string {
  const rows = Object.entries(catalogue)
    .map(([name, { status, retry, message }]) => ({ name, status, retry, message }))
    .sort((a, b) => a.status - b.status || a.name.localeCompare(b.name, "en"))
    .map(({ name, status, retry, message }) => [
      String(status),
      code(name),
      retryMeaning[retry],
      message,
    ]);
  return [
    "# Errors",
    "",
    generatedNotice("shared/errors/"),
    "",
    "Every refusal has a stable `code` and a sentence; `retry` says whether the same request can",
    "succeed later. The sentence may be more exact than the one below.",
    "",
    ...table(["status", "code", "retry", "message"], rows),
    "",
    "## How an execution ends",
    "",
    "An execution that was admitted always ends with one of these reasons.",
    "",
    ...table(
      ["reason", "meaning"],
      Object.entries(endReasons).map(([reason, meaning]) => [code(reason), meaning]),
    ),
    "",
  ].join("\n");
}
