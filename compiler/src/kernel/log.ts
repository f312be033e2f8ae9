/** A line of the verifier's log that shows the state before or after an instruction. */
export interface KernelLogLine {
  /** Slot in the joined code. */
  readonly slot: number;
  /** The text after the slot. */
  readonly text: string;
}

/** The numbers that the verifier ends its log with. */
export function numbersOf(log: string): { walked?: number; microseconds?: number } {
  const walked = /^processed (\d+) insns/m.exec(log);
  const time = /^verification time (\d+) usec/m.exec(log);
  return {
    ...(walked !== null && { walked: Number(walked[1]) }),
    ...(time !== null && { microseconds: Number(time[1]) }),
  };
}

/** The lines that belong to an instruction, in the order of the walk. */
export function readKernelLog(log: string): readonly KernelLogLine[] {
  const lines: KernelLogLine[] = [];
  for (const line of log.split('\n')) {
    const match = /^(\d+): (.*)$/.exec(line);
    if (match !== null) lines.push({ slot: Number(match[1]), text: match[2]! });
  }
  return lines;
}
