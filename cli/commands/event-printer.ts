import * as z from "zod";
import type { StreamEvent } from "../event-stream.ts";
import type { Output } from "../output.ts";
import { startProgress } from "../progress.ts";

const ItemEvent = z.object({ item: z.looseObject({ type: z.string() }) });
const Text = z.object({ type: z.literal("text"), content: z.string() });
const Tool = z.object({ type: z.literal("tool_call"), name: z.string(), arguments: z.string() });
const toolCharactersMax = 100;
const File = z.object({ path: z.string(), changeKind: z.string() });
const Completed = z.object({
  response: z.object({ content: z.string(), truncated: z.boolean().optional() }),
});
const Failed = z.object({ message: z.string() });
const Ended = z.object({
  run: z.object({
    id: z.string(),
    threadId: z.string(),
    status: z.string(),
    exitCode: z.number().nullable().default(null),
    cost: z.number().default(0),
    durationMs: z.number().default(0),
    conflicts: z.array(z.string()).default([]),
    workspace: z.string().nullable().default(null),
  }),
});

/** Prints what an execution says on stdout, and what is said about it on stderr. */
export class EventPrinter {
  /** `success`, `failed` or `cancelled`; null until it has ended. */
  outcome: string | null = null;
  readonly #output: Output;
  readonly #showsTools: boolean;
  #hasText = false;
  #endsLine = true;
  #stopProgress: (() => void) | null = startProgress("Waiting for output");

  /** @param options.showsTools False where the one tool is what the user called. */
  constructor(output: Output, options: { readonly showsTools: boolean }) {
    this.#output = output;
    this.#showsTools = options.showsTools;
  }

  stop(): void {
    this.#stopProgress?.();
    this.#stopProgress = null;
  }

  async print(event: StreamEvent): Promise<void> {
    const { data } = event;
    if (data.type !== "response.started") this.stop();
    if (this.#output.isJson) await this.#output.json({ id: event.id, ...data });
    else await this.#printForPeople(event);
    if (data.type === "stream.completed") this.outcome = Ended.parse(data).run.status;
  }

  async #printForPeople({ data }: StreamEvent): Promise<void> {
    const output = this.#output;
    switch (data.type) {
      case "response.item.started":
      case "response.item.completed":
        return await this.#printItem(data);
      case "response.completed": {
        const { content, truncated } = Completed.parse(data).response;
        if (truncated) output.warning("The answer was longer and is cut.");
        // A model that streams nothing has its whole answer here; a failure's is a reason, below.
        if (!this.#hasText && data.response !== undefined && isSuccess(data)) {
          await this.#printText(content);
        }
        return;
      }
      case "stream.error":
        await this.#endLine();
        return output.failure(Failed.parse(data).message);
      case "stream.completed":
        await this.#endLine();
        return this.#printEnd(Ended.parse(data).run);
      default:
    }
  }

  async #printItem(data: StreamEvent["data"]): Promise<void> {
    const { item } = ItemEvent.parse(data);
    const text = Text.safeParse(item);
    if (text.success) return await this.#printText(text.data.content);
    const tool = Tool.safeParse(item);
    const isStart = data.type === "response.item.started";
    if (tool.success && isStart && this.#showsTools) {
      const { name, arguments: given } = tool.data;
      return this.#output.note(`› ${name} ${given}`.slice(0, toolCharactersMax));
    }
    const file = File.safeParse(item);
    if (file.success) this.#output.note(`› ${file.data.changeKind} ${file.data.path}`);
  }

  async #printText(content: string): Promise<void> {
    if (content === "") return;
    this.#hasText = true;
    this.#endsLine = content.endsWith("\n");
    await this.#output.text(content);
  }

  /** On a terminal, what follows would stand behind an unfinished line. */
  async #endLine(): Promise<void> {
    if (this.#endsLine || !this.#output.isTerminal) return;
    this.#endsLine = true;
    await this.#output.text("\n");
  }

  #printEnd(run: z.infer<typeof Ended>["run"]): void {
    const output = this.#output;
    if (run.workspace === "not_saved") output.warning("Its files were not saved.");
    for (const path of run.conflicts) output.warning(`Another execution changed ${path} as well.`);
    const exitCode = run.exitCode === null ? "" : `, exit code ${run.exitCode}`;
    const seconds = (run.durationMs / 1_000).toFixed(1);
    const cost = `$${run.cost.toFixed(6)}`;
    const ids = `${run.threadId}, ${run.id}`;
    const text = `${run.status}${exitCode}, ${seconds} s, ${cost}, ${ids}`;
    if (run.status === "success") output.done(text);
    else output.failure(text);
  }
}

const Successful = z.object({ response: z.object({ status: z.literal("completed") }) });
function isSuccess(data: unknown): boolean {
  return Successful.safeParse(data).success;
}
