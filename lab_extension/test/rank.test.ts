import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import {
  narrow,
  restate,
  runs,
  shorten,
  spoken,
  subsequence,
  THRESHOLDS,
  toStars
} from '../src/completion/rank';

function narrowed(labels: string[], typed: string): string[] {
  const items = labels.map(text => ({ text }));
  return narrow(items, typed).map(({ item }) => item.text);
}

test('keeps the given order, names that begin with the letters first', () => {
  const labels = ['groupby', 'head', 'plot', 'agg', 'get', 'shape'];
  assert.deepEqual(narrowed(labels, 'g'), ['groupby', 'get', 'agg']);
  assert.deepEqual(narrowed(labels, ''), labels);
  assert.deepEqual(narrowed(labels, 'zz'), []);
});

test('does not mind the case of the letters', () => {
  assert.deepEqual(narrowed(['DataFrame', 'date_range', 'T'], 'da'), [
    'DataFrame',
    'date_range'
  ]);
  assert.deepEqual(narrowed(['groupby', 'T'], 't'), ['T']);
});

/** The probabilities and stars that names get once some letters are typed. */
function restated(probabilities: Record<string, number>, typed: string) {
  const items = Object.entries(probabilities).map(([text, probability]) => ({
    text,
    probability
  }));
  const matches = narrow(items, typed);
  return restate(matches).map((p, i) => [matches[i].item.text, Number(p.toFixed(3))]);
}

test('letters make the names that begin with them more probable', () => {
  const names = { head: 0.6, groupby: 0.03, get: 0.01, agg: 0.2, rolling: 0 };
  assert.deepEqual(restated(names, 'g'), [
    ['groupby', 0.75],
    ['get', 0.25],
    ['agg', 0],
    ['rolling', 0]
  ]);
  assert.deepEqual(restated(names, 'gg'), [['agg', 1]]);
  assert.deepEqual(restated(names, 'ro'), [
    ['rolling', 0],
    ['groupby', 0]
  ]);
});

test('stars mean here what they mean in the kernel', () => {
  const path = join(process.cwd(), '..', 'kernel_ext', 'ranker', 'stars.py');
  const found = /^THRESHOLDS = \((.*)\)$/m.exec(readFileSync(path, 'utf8'));
  assert.deepEqual(THRESHOLDS, found?.[1].split(',').map(Number));
  assert.deepEqual([0, 0.029, 0.03, 0.3, 0.75, 1].map(toStars), [0, 0, 1, 3, 5, 5]);
});

test('finds letters apart from each other, in order', () => {
  assert.deepEqual(narrowed(['drop_duplicates', 'head', 'dd'], 'dd'), [
    'dd',
    'drop_duplicates'
  ]);
});

test('matches what would be inserted where that differs from the label', () => {
  const column = { text: 'price', insertText: "'price'" };
  assert.deepEqual(narrow([column], "'p"), [{ item: column, marks: [], begins: true }]);
});

for (const [text, typed, marks] of [
  ['groupby', 'gb', [0, 5]],
  ['groupby', 'GRO', [0, 1, 2]],
  ['groupby', 'bg', null],
  ['price 💶', '💶', [6, 7]],
  ['head', '', []]
] as const) {
  test(`where the letters of '${typed}' stand in '${text}'`, () => {
    assert.deepEqual(subsequence(text, typed), marks);
  });
}

test('cuts a label into marked and unmarked runs', () => {
  assert.deepEqual(runs('groupby', [0, 1, 5]), [
    { text: 'gr', marked: true },
    { text: 'oup', marked: false },
    { text: 'b', marked: true },
    { text: 'y', marked: false }
  ]);
  assert.deepEqual(runs('', []), []);
});

for (const [item, words] of [
  [{ text: 'groupby', type: 'method', stars: 4 }, 'groupby, method, 4 of 5 stars'],
  [{ text: 'x', type: undefined, stars: 0 }, 'x, no stars']
] as const) {
  test(`is spoken as '${words}'`, () => {
    assert.equal(spoken(item), words);
  });
}

test('shortens long signatures and leaves short ones', () => {
  assert.equal(shorten('(n=5)'), '(n=5)');
  assert.equal(
    shorten('(by=None, level=None, sort=True)', 24),
    '(by=None, level=None, …)'
  );
  assert.equal(shorten('(by=None, level=None, sort=True)', 23), '(by=None, …)');
  assert.equal(shorten('(a_single_long_parameter=None)', 10), '(…)');
});
