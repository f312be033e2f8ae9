/** Loads a case into the running kernel: maps, functions one after the other, no BTF. */
import { closeSync } from 'node:fs';
import { bpfKernel, type KernelError } from '../../src/codegen/index.ts';
import { encode, type Instruction } from '../../src/isa/index.ts';
import type { BpfObject } from '../../src/object/index.ts';

const TYPES: Readonly<Record<string, number>> = {
  socket_filter: 1,
  kprobe: 2,
  tc: 3,
  tracepoint: 5,
  xdp: 6,
  perf_event: 7,
  raw_tracepoint: 17,
};

export function loadInKernel(object: BpfObject): {
  verdict: 'accept' | 'reject' | 'skip';
  log: string;
} {
  const fds: number[] = [];
  try {
    const starts: number[] = [];
    let count = 0;
    for (const body of object.functions) {
      starts.push(count);
      count += body.instructions.length;
    }
    const mapFds = new Map<number, number>();
    const all: Instruction[] = [];
    const uses = object.functions.some((body) =>
      body.instructions.some(
        (i) => i.kind === 'reference' && ['data', 'function'].includes(i.reference.kind),
      ),
    );
    if (uses) return { verdict: 'skip', log: '' };
    const mapFd = (index: number) => {
      let fd = mapFds.get(index);
      if (fd === undefined) {
        const map = object.maps[index]!;
        fd = bpfKernel().mapCreate({
          type: map.type,
          keySize: map.keySize,
          valueSize: map.valueSize,
          maxEntries: map.maxEntries,
          flags: map.flags,
        });
        fds.push(fd);
        mapFds.set(index, fd);
      }
      return fd;
    };
    object.functions.forEach((body, index) => {
      for (const instruction of body.instructions) {
        if (instruction.kind === 'call_function') {
          all.push({ kind: 'call_local', slot: 0, target: starts[instruction.function]! });
        } else if (instruction.kind === 'reference') {
          const { reference } = instruction;
          const common = {
            kind: 'constant' as const,
            slot: 0,
            destination: instruction.destination,
          };
          if (reference.kind === 'value') {
            const v = BigInt.asIntN(64, reference.value);
            all.push({
              ...common,
              pseudo: 0,
              low: Number(BigInt.asIntN(32, v)),
              high: Number(v >> 32n),
            });
          } else if (reference.kind === 'map') {
            all.push({ ...common, pseudo: 1, low: mapFd(reference.map), high: 0 });
          } else if (reference.kind === 'map_value') {
            all.push({ ...common, pseudo: 2, low: mapFd(reference.map), high: reference.offset });
          }
        } else if ('target' in instruction) {
          all.push({ ...instruction, target: instruction.target + starts[index]! } as Instruction);
        } else all.push(instruction as Instruction);
      }
    });
    const fd = bpfKernel().progLoad({
      type: TYPES[object.programs[0]!.kind]!,
      instructions: encode(all),
      license: 'GPL',
    });
    closeSync(fd);
    return { verdict: 'accept', log: '' };
  } catch (error) {
    const known = error as KernelError;
    return { verdict: 'reject', log: `${known.message}\n${known.log ?? ''}` };
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
