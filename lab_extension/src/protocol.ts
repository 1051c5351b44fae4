/**
 * Messages between this extension and the kernel, the mirror of
 * `kernel_ext/protocol.py`. Both are tested on `tests/protocol/*.json`.
 *
 * A message is a JSON object whose `op` names its kind. Offsets count Unicode code
 * points. The tables below say what each message holds; the types follow from them.
 */

/** Name of the comm target. */
export const TARGET = 'polaris.completion';

/** A message that does not follow the protocol; its text says why. */
export class ProtocolError extends Error {}

interface IField<T> {
  read: (value: unknown, name: string) => T;
  /** What a missing field is read as; without it the field is required. */
  absent?: () => T;
}

type Fields = Record<string, IField<unknown>>;
type Read<F extends Fields> = { [K in keyof F]: ReturnType<F[K]['read']> };

const integer = field('an integer', value =>
  Number.isInteger(value) ? (value as number) : undefined
);
const number = field('a finite number', value =>
  Number.isFinite(value) ? (value as number) : undefined
);
const text = field('text', value => (typeof value === 'string' ? value : undefined));
const textOrNull = field('text or null', value =>
  value === null || typeof value === 'string' ? value : undefined
);

const OFFERED = { label: text, type: optional(text, () => '') };

const ITEM = {
  label: text,
  insert: text,
  type: text,
  signature: text,
  stars: integer,
  probability: number,
  reason: text
};

const MESSAGES = {
  complete: {
    id: integer,
    source: text,
    cursor: integer,
    before: optional(list(text), () => []),
    path: optional(textOrNull, () => null),
    language: optional(text, () => 'python'),
    offered: optional(list(object(OFFERED)), () => [])
  },
  document: {
    id: integer,
    source: text,
    cursor: integer,
    label: text,
    before: optional(list(text), () => [])
  },
  ping: { id: integer },
  completed: {
    id: integer,
    start: integer,
    end: integer,
    items: list(object(ITEM)),
    took: number
  },
  documented: { id: integer, documentation: text },
  pong: { id: integer, version: text },
  failed: { id: integer, error: text }
};

type Op = keyof typeof MESSAGES;

/** The message of a given `op`. */
export type Message<O extends Op = Op> = {
  [K in O]: { op: K } & Read<(typeof MESSAGES)[K]>;
}[O];

/** One ranked candidate; `reason` is Markdown. */
export type Item = Read<typeof ITEM>;
export type Request = Message<'complete' | 'document' | 'ping'>;

/** The reply that answers each request. */
export interface IReplies {
  complete: Message<'completed'>;
  document: Message<'documented'>;
  ping: Message<'pong'>;
}

/** Check parsed JSON and return it as a message, or throw a `ProtocolError`. */
export function decode(message: unknown): Message {
  if (!isObject(message)) {
    throw new ProtocolError(`A message must be an object, not ${kind(message)}.`);
  }
  const op = message.op;
  if (typeof op !== 'string' || !(op in MESSAGES)) {
    const known = Object.keys(MESSAGES).join(', ');
    throw new ProtocolError(
      `Unknown operation ${JSON.stringify(op)}; expected one of ${known}.`
    );
  }
  const decoded = { op, ...readFields(MESSAGES[op as Op], message, op) };
  if ('cursor' in decoded) {
    checkCursor(decoded as Message<'complete' | 'document'>);
  }
  return decoded as Message;
}

function checkCursor({ cursor, op, source }: Message<'complete' | 'document'>) {
  const length = Array.from(source).length;
  if (cursor < 0 || cursor > length) {
    throw new ProtocolError(
      `'cursor' of '${op}' must be in 0..${length} (code points of 'source'), ` +
        `not ${cursor}.`
    );
  }
}

function field<T>(
  expected: string,
  check: (value: unknown) => T | undefined
): IField<T> {
  const read = (value: unknown, name: string) => {
    const checked = check(value);
    if (checked === undefined) {
      throw new ProtocolError(`${name} must be ${expected}, not ${kind(value)}.`);
    }
    return checked;
  };
  return { read };
}

function optional<T>(of: IField<T>, absent: () => T): IField<T> {
  return { ...of, absent };
}

function list<T>(of: IField<T>): IField<T[]> {
  const array = field('a list', value =>
    Array.isArray(value) ? (value as unknown[]) : undefined
  );
  return {
    read: (value, name) =>
      array.read(value, name).map((v, i) => of.read(v, `${name}[${i}]`))
  };
}

function object<F extends Fields>(fields: F): IField<Read<F>> {
  const plain = field('an object', value => (isObject(value) ? value : undefined));
  return {
    read: (value, name) => readFields(fields, plain.read(value, name), name)
  };
}

function readFields<F extends Fields>(
  fields: F,
  from: Record<string, unknown>,
  where: string
): Read<F> {
  const read: Record<string, unknown> = {};
  for (const [name, { absent, read: readField }] of Object.entries(fields)) {
    if (name in from) {
      read[name] = readField(from[name], `'${name}' of ${where}`);
    } else if (absent) {
      read[name] = absent();
    } else {
      throw new ProtocolError(`'${where}' lacks the field '${name}'.`);
    }
  }
  return read as Read<F>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kind(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40);
}
