/** Makes the memory that workloads read: the same bytes in every run, on every machine. */

/** A generator of numbers that look random (xorshift), the same for the same name. */
function generator(name: string): () => number {
  let state = 0x9e3779b9;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x85ebca6b);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes without structure. */
export function randomBytes(name: string, size: number): Uint8Array {
  const next = generator(name);
  return Uint8Array.from({ length: size }, () => next() >>> 24);
}

/** 64-bit values of all magnitudes: as many of one bit as of 64. */
export function magnitudes(name: string, count: number): Uint8Array {
  const next = generator(name);
  const view = new DataView(new ArrayBuffer(count * 8));
  for (let index = 0; index < count; index++) {
    const value = (BigInt(next()) << 32n) | BigInt(next());
    view.setBigUint64(index * 8, (value | (1n << 63n)) >> BigInt(next() % 64), true);
  }
  return new Uint8Array(view.buffer);
}

/** Two strings of `length` bytes without a zero, each at the start of a half; `differAt` of none. */
export function strings(name: string, length: number, differAt?: number): Uint8Array {
  const next = generator(name);
  const half = length + 24;
  const bytes = new Uint8Array(half * 2);
  for (let index = 0; index < length; index++) {
    const character = 33 + (next() % 94);
    bytes[index] = character;
    bytes[half + index] = index === differAt ? character ^ 1 : character;
  }
  return bytes;
}

/** Text: words of one to ten letters, numbers, spaces, and a line break every few words. */
export function prose(name: string, size: number): Uint8Array {
  const next = generator(name);
  let text = '';
  while (text.length < size) {
    const alphabet = next() % 5 === 0 ? '0123456789' : 'etaoinshrdlucmfwypvbgkjqxz';
    const length = 1 + (next() % 10);
    for (let index = 0; index < length; index++) text += alphabet[next() % alphabet.length];
    text += next() % 8 === 0 ? '\n' : next() % 16 === 0 ? '\t' : ' ';
  }
  return new TextEncoder().encode(text.slice(0, size));
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
const ICMP = 1;

/** Frames of 64 bytes: mostly TCP and UDP over IPv4, some with a VLAN tag, a few of other kinds. */
export function frames(name: string, count: number): Uint8Array {
  const next = generator(name);
  const bytes = randomBytes(name, count * 64);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) {
    const frame = index * 64;
    let type = frame + 12;
    if (next() % 4 === 0) {
      view.setUint16(type, ETHERTYPE_VLAN);
      type += 4;
    }
    view.setUint16(type, next() % 12 === 0 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    const header = type + 2;
    const words = next() % 8 === 0 ? 6 : 5;
    view.setUint8(header, 0x40 | words);
    view.setUint16(header + 2, frame + 64 - header);
    const kind = next() % 10;
    view.setUint8(header + 9, kind < 5 ? TCP : kind < 9 ? UDP : ICMP);
  }
  return bytes;
}
