import assert from 'node:assert/strict';
import { test } from 'node:test';

import { narrow, runs, shorten, spoken, subsequence } from '../src/completion/rank';

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

test('finds letters apart from each other, in order', () => {
  assert.deepEqual(narrowed(['drop_duplicates', 'head', 'dd'], 'dd'), [
    'dd',
    'drop_duplicates'
  ]);
});

test('matches what would be inserted where that differs from the label', () => {
  const column = { text: 'price', insertText: "'price'" };
  assert.deepEqual(narrow([column], "'p"), [{ item: column, marks: [] }]);
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
