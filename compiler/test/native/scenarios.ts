/** What the fixtures are called with, step by step, and results known without running anything. */

/** One call of a program of a fixture, or of an accessor (see accessors.ts). */
export interface Step {
  readonly program: string;
  readonly memory?: Uint8Array;
  /** The result, where it was worked out by hand. */
  readonly r0?: bigint;
}

function text(characters: string): Uint8Array {
  return Uint8Array.from(Buffer.from(characters, 'latin1'));
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replace(/\s+/g, ''), 'hex'));
}

function words(...values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setBigUint64(8 * index, BigInt.asUintN(64, value), true);
  });
  return bytes;
}

/** A key, filled to 8 bytes, and room or contents of a value. */
function element(key: number, value: number | Uint8Array): Uint8Array {
  const contents = typeof value === 'number' ? new Uint8Array(value) : value;
  return Uint8Array.from([...words(BigInt(key)), ...contents]);
}

const room = (size: number) => new Uint8Array(size);

const MACS = '020000000001 020000000002';
const IPV4 = '45000028 00010000 40 06 0000 7f000001 0a000002';
const TCP = (port: string) => `1234 ${port} 00000001 00000000 5010 2000 0000 0000`;
const tcp4 = (port: string) => hex(`${MACS} 0800 ${IPV4} ${TCP(port)}`);
const udp4 = (port: string) =>
  hex(`${MACS} 0800 ${IPV4.replace('40 06', '40 11')} 1234 ${port} 0008 0000`);
const tcp6 = hex(`${MACS} 86dd 60000000 0014 06 40 ${'00'.repeat(32)} ${TCP('01bb')}`);
const vlan = hex(`${MACS} 8100 0005 0800 ${IPV4} ${TCP('0035')}`);
const withOptions = (options: string) => {
  const size = (5 + options.replace(/\s+/g, '').length / 8).toString(16);
  return hex(
    `${MACS} 0800 ${IPV4} 1234 0050 00000001 00000000 ${size}010 2000 0000 0000 ${options}`,
  );
};
const scaled = withOptions('020405b4 01 030307 00000000');
const unscaled = withOptions('020405b4 01010000');

const ABORTED = 0n;
const DROP = 1n;
const PASS = 2n;

export const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  strings: [
    ...[
      'GET /index.html HTTP/1.1\r\n',
      'POST /x 12345',
      '',
      ' ',
      'DELETE 99999999999 7',
      `PUT ${'a b '.repeat(90)}`,
      'GE',
    ].map((line) => ({ program: 'request', memory: text(line) })),
    { program: 'lookup_results', memory: element(0, 16), r0: 0n },
    { program: 'lookup_results', memory: element(1, 16), r0: -1n },
  ],
  packet: [
    { program: 'parse', memory: udp4('0035'), r0: PASS },
    { program: 'update_blocked_ports', memory: element(53, 8), r0: 0n },
    { program: 'parse', memory: udp4('0035'), r0: DROP },
    { program: 'parse', memory: tcp4('0050'), r0: PASS },
    { program: 'parse', memory: tcp4('0035'), r0: DROP },
    { program: 'parse', memory: vlan, r0: DROP },
    { program: 'parse', memory: tcp6, r0: PASS },
    { program: 'parse', memory: tcp4('0050').slice(0, 13), r0: ABORTED },
    { program: 'parse', memory: room(0), r0: ABORTED },
    { program: 'parse', memory: vlan.slice(0, 17), r0: ABORTED },
    { program: 'parse', memory: tcp4('0050').slice(0, 30), r0: DROP },
    { program: 'parse', memory: tcp4('0050').slice(0, 53), r0: DROP },
    { program: 'parse', memory: tcp6.slice(0, 53), r0: DROP },
    { program: 'parse', memory: hex(`${MACS} 0806 ${'00'.repeat(28)}`), r0: PASS },
    { program: 'lookup_blocked_ports', memory: element(53, 8), r0: 0n },
    { program: 'lookup_protocols', memory: element(6, 16), r0: 0n },
    { program: 'lookup_protocols', memory: element(17, 16), r0: 0n },
    { program: 'walk_blocked_ports', r0: (1n << 48n) + 3n },
    { program: 'walk_protocols', r0: (256n << 48n) + 7n },
  ],
  filter: [
    { program: 'options', memory: scaled, r0: BigInt(scaled.length) },
    { program: 'read_bss', memory: room(4) },
    { program: 'options', memory: unscaled, r0: 0n },
    { program: 'options', memory: scaled.slice(0, 57), r0: 0n },
    { program: 'options', memory: tcp6, r0: 0n },
    { program: 'options', memory: udp4('0035'), r0: 0n },
    { program: 'options', memory: room(3), r0: 0n },
    { program: 'source', memory: scaled, r0: BigInt(scaled.length) },
    { program: 'source', memory: tcp6, r0: 0n },
    { program: 'source', memory: scaled.slice(0, 29), r0: 0n },
  ],
  globals: [
    ...[
      hex('05000000 07000000'),
      hex('ffffffff 00000080'),
      hex('64000000 f9ffffff 01'),
      room(7),
    ].map((memory) => ({ program: 'compute', memory })),
    { program: 'read_bss', memory: room(128) },
    { program: 'read_data', memory: room(64) },
    { program: 'read_data_custom', memory: room(8) },
    { program: 'read_rodata', memory: room(64) },
  ],
  atomics: [
    ...[1n, 0xdeadbeef_87654321n, -1n, 0n, 42n].map((input) => ({
      program: 'mix',
      memory: words(input),
    })),
    { program: 'lookup_state', memory: element(0, 96), r0: 0n },
    { program: 'mix', memory: room(7), r0: 0n },
  ],
  loops: [
    { program: 'sum_of_squares', memory: hex('0a000000'), r0: (285n << 8n) | 10n },
    { program: 'sum_of_squares', r0: (285n << 8n) | 5n },
    { program: 'sum_of_squares', memory: hex('3f000000') },
    { program: 'walk_squares', r0: (63n << 48n) + 81375n },
  ],
  tailcall: [
    { program: 'start', memory: room(4), r0: 123n },
    { program: 'step_two', memory: room(4), r0: 1233n },
    // The first call and the 33 that may follow it each add one.
    { program: 'endless', memory: room(4), r0: 1233n + 34n },
    { program: 'endless', memory: room(4), r0: 1233n + 68n },
    { program: 'read_bss', memory: room(8) },
  ],
  large: [
    { program: 'mix', memory: words(1n, 2n, 3n, 4n) },
    { program: 'mix', memory: words(-1n, 0n, 1n << 63n, 0x0123456789abcdefn) },
    { program: 'mix' },
  ],
  counter: [
    { program: 'count', r0: 0n },
    { program: 'count', r0: 0n },
    { program: 'count', r0: 0n },
    { program: 'walk_counts', r0: (1n << 48n) + 3n },
  ],
  kconfig: [{ program: 'configured', r0: 0x00060100_0000faa8n }],
  core: [
    { program: 'read_task', r0: 16n },
    { program: 'read_bss', memory: room(32) },
  ],
};
