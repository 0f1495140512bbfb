/** What the model says and thinks, on its way to the stream and to the answer. */
import type { LanguageTools } from "../model.ts";
import { redactedStart } from "./redacted-text.ts";
import type { TurnListener } from "./wires/wire.ts";

const thoughtLengthMax = 16_000;
/** Each is an event of its own; what an answer thinks after so many is shown at its end, as one. */
const thoughtsMax = 200;

type SpeechTools = Pick<LanguageTools, "speak" | "emit" | "answer" | "redactor">;

/** One answer of the model; a repeated call goes on in it. */
export class Speech implements TurnListener {
  readonly #tools: SpeechTools;
  /** What an unfinished answer before had said. */
  readonly #before: string;
  #voice: ReturnType<LanguageTools["speak"]> | undefined;
  #said = "";
  #thought = "";
  #thoughts = 0;

  constructor(tools: SpeechTools, before: string) {
    this.#tools = tools;
    this.#before = before;
  }

  text(piece: string): void {
    if (this.#thoughts < thoughtsMax) this.#endThought();
    this.#said += piece;
    this.#voice ??= this.#tools.speak();
    this.#voice.write(piece);
  }

  thinking(piece: string): void {
    this.#thought += piece;
  }

  /** The call failed and is repeated: the answer begins again. */
  startOver(): void {
    if (this.#said !== "") this.#voice?.write("\n[The answer broke off; it begins again.]\n");
    this.#said = "";
    this.#thought = "";
  }

  /** @returns All that was said, which is the execution's answer unless more is said. */
  end(): string {
    this.#endThought();
    if (this.#said !== "" && !this.#said.endsWith("\n")) this.#voice?.write("\n");
    this.#voice?.end();
    this.#voice = undefined;
    const answer = this.#before + this.#said;
    if (this.#said.trim() !== "") this.#tools.answer(answer);
    return answer;
  }

  #endThought(): void {
    const content = redactedStart(this.#thought.trim(), thoughtLengthMax, this.#tools);
    this.#thought = "";
    if (content === "") return;
    this.#thoughts += 1;
    this.#tools.emit({ type: "reasoning", content });
  }
}
