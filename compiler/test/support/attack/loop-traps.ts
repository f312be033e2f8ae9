/**
 * Traps for loops that are not counted out turn by turn: what is used in one turn was put down one, two
 * or three turns before, so that it goes wrong only in a turn that is never walked as such. Half of
 * them are right.
 */
import { asm, type Draft } from '../object.ts';
import { BUFFER, initialiseBuffer } from './areas.ts';
import { decide } from './control.ts';
import { BSS, BSS_SIZE } from './program.ts';
import { Target, Writer } from './writer.ts';

/** Frame offsets of the numbers that move up by one in every turn. */
const CHAIN = [BUFFER, BUFFER + 8, BUFFER + 16];

interface Turn {
  /** Base and offset of the chain. */
  readonly base: number;
  readonly offset: number;
  readonly links: number;
  readonly inRegister: boolean;
}

/** Uses the first number as an index and moves the others up. */
function turn(writer: Writer, { base, offset, links, inRegister }: Turn, out: Target): void {
  const { random } = writer;
  const at = (link: number) => offset + 8 * link;
  const scratch = [0, 1, 2, 3, 4, 5].filter((one) => one !== base);
  const [index, data, moved] = scratch as [number, number, number];
  const skip = new Target();
  if (inRegister) writer.alu('mov', index, { register: 8 });
  else writer.load(index, 8, base, at(0));
  if (random.chance(0.35)) writer.branch('gt', index, { immediate: BSS_SIZE - 1 }, out);
  writer.emit(asm.refer(data, { kind: 'data', section: BSS, offset: 0 }));
  writer.alu('add', data, { register: index });
  writer.load(moved, 1, data, 0);
  for (const one of [index, data, moved]) writer.set(one, undefined);
  if (random.chance(0.5)) {
    writer.pinning([base], () => decide(writer, skip));
  }
  for (let link = 0; link + 1 < links; link++) {
    writer.load(moved, 8, base, at(link + 1));
    if (link === 0 && inRegister) writer.alu('mov', 8, { register: moved });
    else writer.emit(asm.storeR(8, base, at(link), moved));
    writer.set(moved, undefined);
  }
  if (random.chance(0.3)) {
    const step = random.pick([1, 8, -1]);
    writer.load(moved, 8, base, at(links - 1));
    writer.alu('add', moved, { immediate: step });
    writer.emit(asm.storeR(8, base, at(links - 1), moved));
    writer.set(moved, undefined);
  }
  writer.place(skip);
}

function callback(writer: Writer, links: number): number {
  const { setting } = writer;
  const place = setting.functions.length;
  setting.functions.push([]);
  const inner = new Writer(setting, writer.depth + 1);
  const end = new Target();
  inner.state.pinned.add(9);
  inner.alu('mov', 9, { register: 2 });
  turn(inner, { base: 9, offset: 0, links, inRegister: false }, end);
  inner.place(end);
  inner.alu('mov', 0, { immediate: 0 });
  inner.emit(asm.exit);
  setting.functions[place] = inner.finish() as Draft[];
  return place;
}

/** Writes such a loop: by may_goto, counted, or by bpf_loop. */
export function loopTrap(writer: Writer): void {
  const { random } = writer;
  if (writer.state.pinned.has(7) || writer.state.pinned.has(8)) return;
  const links = 1 + random.below(CHAIN.length);
  const right = random.chance(0.5);
  initialiseBuffer(writer);
  CHAIN.forEach((offset, link) => {
    const wrong = link === links - 1 && link > 0 && !right;
    const value = wrong ? BSS_SIZE + random.below(9) : random.below(BSS_SIZE);
    writer.emit(asm.storeI(8, 10, offset, value));
  });
  const kind = random.below(3);
  if (kind === 0 && writer.depth < 2) {
    const target = callback(writer, links);
    const make = (to: number) => writer.emit(asm.refer(to, { kind: 'function', function: target }));
    const rounds = { immediate: random.pick([1, 2, 3, 5, 100]) };
    writer.helper(181, [rounds, { make }, { frame: BUFFER }, { immediate: 0 }], {
      kind: 'number',
    });
    return;
  }
  const inRegister = random.chance(0.4);
  const top = new Target();
  const end = new Target();
  const counted = kind === 1;
  if (inRegister) writer.load(8, 8, 10, CHAIN[0]!);
  if (counted) writer.alu('mov', 7, { immediate: 0 });
  writer.set(7, undefined);
  writer.set(8, undefined);
  writer.pinning([7, 8], () => {
    writer.state.keepPinned();
    writer.place(top);
    if (counted) writer.branch('ge', 7, { immediate: 1 + random.below(5) }, end);
    else writer.emitTo({ kind: 'may_goto', target: 0 }, end);
    turn(writer, { base: 10, offset: BUFFER, links, inRegister }, end);
    if (counted) writer.alu('add', 7, { immediate: 1 });
    writer.jump(top);
    writer.place(end);
    writer.state.keepPinned();
  });
  writer.set(7, undefined);
  writer.set(8, undefined);
}
