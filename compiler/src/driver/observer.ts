import type { Stage } from './options.ts';

/** Watches the pipeline: how long each stage took, and what it made. */
export interface Observer {
  /** Runs one stage. `describe` renders its value as text; it is called only when somebody looks. */
  stage<T>(name: Stage, run: () => T, describe: (value: T) => string): T;
}

/** An observer that only runs the stages. */
export const unobserved: Observer = { stage: (_name, run) => run() };

export interface StageTime {
  readonly stage: Stage;
  readonly milliseconds: number;
}

/** Keeps the time of every stage, and the text of those that were asked for. */
export class RecordingObserver implements Observer {
  readonly times: StageTime[] = [];
  readonly dumps: { readonly stage: Stage; readonly text: string }[] = [];
  readonly #wanted: ReadonlySet<Stage>;

  constructor(wanted: readonly Stage[]) {
    this.#wanted = new Set(wanted);
  }

  stage<T>(name: Stage, run: () => T, describe: (value: T) => string): T {
    const started = performance.now();
    const value = run();
    this.times.push({ stage: name, milliseconds: performance.now() - started });
    if (this.#wanted.has(name)) this.dumps.push({ stage: name, text: describe(value) });
    return value;
  }
}
