import assert from 'node:assert/strict';
import { test } from 'node:test';

import { excerpt, nearest } from '../src/completion/excerpt';

/** What a cursor, written as |, stands in; offsets count code points. */
function cut(text: string, limit: number) {
  const [before, after] = text.split('|');
  const part = excerpt(before + after, Array.from(before).length, limit);
  const points = Array.from(part.text);
  const whole = Array.from(before + after);
  const place = whole.slice(part.skipped, part.skipped + points.length);
  assert.deepEqual(points, place, 'what is left out before it');
  const shown = [...points];
  shown.splice(part.cursor, 0, '|');
  return shown.join('');
}

for (const [name, text, limit, expected] of [
  ['a short text is left whole', 'a = 1\ndf.|', 100, 'a = 1\ndf.|'],
  ['lines far above are left out', 'aaaa\nbbbb\ncccc\ndf.|', 16, 'cccc\ndf.|'],
  ['lines far below are left out', 'df.|\naaaa\nbbbb\ncccc', 14, 'df.|\naaaa'],
  ['on both sides', 'aaaa\nbbbb\nd|\ncccc\ndddd', 13, 'bbbb\nd|\ncccc'],
  ['a line too long is cut', 'aaaaaaaaaa|bbbbbbbbbb', 8, 'aaaa|bbbb'],
  ['but not within a character', '🎉🎉🎉🎉|🎉🎉🎉🎉', 10, '🎉🎉🎉|🎉🎉'],
  ['offsets count characters', '🎉🎉🎉🎉\n🎉.|', 8, '🎉.|']
] as const) {
  test(`excerpt: ${name}`, () => {
    assert.equal(cut(text, limit), expected);
  });
}

test('keeps the nearest texts that fit', () => {
  assert.deepEqual(nearest(['aaaa', 'bb', 'c'], 3), ['bb', 'c']);
  assert.deepEqual(nearest(['aaaa', 'bb', 'c'], 100), ['aaaa', 'bb', 'c']);
  assert.deepEqual(nearest(['a', 'bbbb'], 3), []);
  assert.deepEqual(nearest([], 3), []);
});
