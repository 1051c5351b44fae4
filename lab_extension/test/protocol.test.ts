import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { decode, ProtocolError } from '../src/protocol';

interface ICase {
  name: string;
  message: unknown;
  read?: unknown;
  mentions?: string[];
}

/** The fixtures that the kernel's side is tested on as well. */
function cases(file: string): ICase[] {
  const path = join(process.cwd(), '..', 'tests', 'protocol', file);
  const { messages } = JSON.parse(readFileSync(path, 'utf8')) as { messages: ICase[] };
  assert.ok(messages.length > 0, file);
  return messages;
}

for (const { name, message } of cases('valid.json')) {
  test(`reads and writes unchanged: ${name}`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(decode(message))), message);
  });
}

for (const { name, message, read } of cases('defaults.json')) {
  test(`fills in what is left out: ${name}`, () => {
    assert.deepEqual(decode(message), read);
  });
}

for (const { name, message, mentions } of cases('invalid.json')) {
  test(`refuses: ${name}`, () => {
    assert.throws(
      () => decode(message),
      (error: Error) =>
        error instanceof ProtocolError &&
        (mentions ?? []).every(word => error.message.includes(word))
    );
  });
}
