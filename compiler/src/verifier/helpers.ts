/**
 * The helper table, read from the list that the C runtime reads too.
 */
import list from '../../../runtime-native/helpers/helpers.def';
import { HELPER } from './helper-numbers.ts';

const ARGUMENT_KINDS = [
  'NONE',
  'ANYTHING',
  'CTX',
  'CTX_OR_NULL',
  'CONST_MAP_PTR',
  'MAP_KEY',
  'MAP_VALUE',
  'MAP_VALUE_OR_NULL',
  'UNINIT_MAP_VALUE',
  'MEM_RDONLY',
  'MEM_RDONLY_OR_NULL',
  'MEM_UNINIT',
  'MEM_UNINIT_OR_NULL',
  'MEM',
  'MEM_OR_NULL',
  'MEM_RDONLY_20',
  'MEM_RDONLY_40',
  'SIZE',
  'SIZE_OR_ZERO',
  'CONST_ALLOC_SIZE',
  'ALLOC_MEM',
  'CONST_STR',
  'INT_PTR',
  'LONG_PTR',
  'FUNC',
  'STACK_OR_NULL',
  'SPIN_LOCK',
  'TIMER',
  'KPTR',
  'DYNPTR',
  'DYNPTR_RDONLY',
  'DYNPTR_UNINIT',
  'DYNPTR_RELEASE',
  'SOCKET',
  'SOCKET_OR_NULL',
  'BTF_ID',
  'BTF_ID_OR_NULL',
  'PERCPU_BTF_ID',
] as const;
export type ArgumentKind = (typeof ARGUMENT_KINDS)[number];

const RETURN_KINDS = [
  'INTEGER',
  'VOID',
  'MAP_VALUE',
  'MAP_VALUE_OR_NULL',
  'ALLOC_MEM_OR_NULL',
  'DYNPTR_MEM_OR_NULL',
  'BTF_ID',
  'BTF_ID_OR_NULL',
  'MEM_OR_BTF_ID',
  'MEM_OR_BTF_ID_OR_NULL',
  'SOCKET_OR_NULL',
] as const;
export type ReturnKind = (typeof RETURN_KINDS)[number];

/** Signature of a helper; meanings of the kinds are in helpers.def. */
export interface Helper {
  readonly number: number;
  /** Without the `bpf_` prefix. */
  readonly name: string;
  readonly result: ReturnKind;
  /** One for each argument that the helper takes; fewer than five when it takes fewer. */
  readonly arguments: readonly ArgumentKind[];
  /** `runtime`: the runtime has it. `extern`: whoever links supplies it. `refused`: see `reason`. */
  readonly support: 'runtime' | 'extern' | 'refused';
  readonly reason?: string;
}

const LINE =
  /^HELPER\((\d+), (\w+), (\w+), (\w+), (\w+), (\w+), (\w+), (\w+), (?:(RUNTIME|EXTERN)|REFUSED\("([^"]+)"\))\)$/;

function oneOf<T extends string>(kinds: readonly T[], text: string, line: string): T {
  const kind = kinds.find((candidate) => candidate === text);
  if (kind === undefined) throw new Error(`helpers.def: unknown kind ${text} in: ${line}`);
  return kind;
}

function parseLine(line: string): Helper {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`helpers.def: cannot read: ${line}`);
  const [, number, name, result, ...rest] = match;
  const kinds = rest.slice(0, 5).map((text) => oneOf(ARGUMENT_KINDS, text ?? '', line));
  const count = kinds.indexOf('NONE');
  const reason = rest[6];
  return {
    number: Number(number),
    name: name!,
    result: oneOf(RETURN_KINDS, result!, line),
    arguments: count < 0 ? kinds : kinds.slice(0, count),
    support: reason !== undefined ? 'refused' : rest[5] === 'RUNTIME' ? 'runtime' : 'extern',
    ...(reason !== undefined && { reason }),
  };
}

let table: ReadonlyMap<number, Helper> | undefined;

/** Every helper by its number. */
export function helpers(): ReadonlyMap<number, Helper> {
  table ??= new Map(
    list
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseLine)
      .map((helper) => [helper.number, helper]),
  );
  return table;
}

/** The helper with this number, if there is one. */
export function findHelper(number: number): Helper | undefined {
  return helpers().get(number);
}

/** Helpers that may move or resize the packet. A tail call that comes back has done nothing. */
const PACKET_CHANGERS = new Set<number>([
  HELPER.skb_store_bytes,
  HELPER.l3_csum_replace,
  HELPER.l4_csum_replace,
  HELPER.clone_redirect,
  HELPER.skb_vlan_push,
  HELPER.skb_vlan_pop,
  HELPER.skb_change_proto,
  HELPER.skb_change_tail,
  HELPER.skb_pull_data,
  HELPER.skb_change_head,
  HELPER.xdp_adjust_head,
  HELPER.skb_adjust_room,
  HELPER.xdp_adjust_meta,
  HELPER.msg_cork_bytes,
  HELPER.msg_pull_data,
  HELPER.xdp_adjust_tail,
  HELPER.lwt_push_encap,
  HELPER.lwt_seg6_store_bytes,
  HELPER.lwt_seg6_adjust_srh,
  HELPER.lwt_seg6_action,
  HELPER.msg_push_data,
  HELPER.msg_pop_data,
  HELPER.store_hdr_opt,
]);

/** Whether pointers into the packet are no longer good after a call of the helper. */
export function changesPacketData(helper: number): boolean {
  return PACKET_CHANGERS.has(helper);
}
