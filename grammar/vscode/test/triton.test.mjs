// What the extension says in Tri, and what it reads from `triton`: the command is that of this repository, or $TRITON.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const here = new URL('..', import.meta.url).pathname;
const triton = process.env.TRITON ?? join(here, '../../target/debug/triton');
const read = path => JSON.parse(readFileSync(join(here, path), 'utf8'));

/** What `triton check` says of a program, in lines. */
function check(program) {
  const folder = mkdtempSync(join(tmpdir(), 'tri-'));
  try {
    writeFileSync(join(folder, 'a.tri'), program);
    const run = spawnSync(triton, ['check', '.', '--format', 'concise'], { cwd: folder, encoding: 'utf8' });
    assert.ok(!run.error, `${triton}: ${run.error}`);
    return `${run.stdout}${run.stderr}`.split('\n').filter(line => line !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of a snippet with its placeholders as they are offered. */
function expanded(body) {
  const text = [body].flat().join('\n');
  const defaults = new Map();
  for (const [, number, value] of text.matchAll(/\$\{(\d+)[:|]([^},|]*)/g)) {
    defaults.set(number, value.replace(/\$(\d+)/, (_, other) => defaults.get(other) ?? ''));
  }
  return text
    .replace(/\$\{(\d+)[:|][^}]*\}/g, (_, number) => defaults.get(number))
    .replace(/\$(\d+)/g, (_, number) => defaults.get(number) ?? '');
}

// Where a snippet stands, and what completes it.
const SURROUNDINGS = {
  Model: text => `use std.nn.TernaryLinear\ndim In = 2\ndim Out = 3\n${text}`,
  Layer: text => text,
  Function: text => text.replace('    \n', '    x\n'),
  Forward: text => `dim D = 2\nmodel M() {\n${text.replace('    \n', '    x\n')}\n}`,
  Parameter: text => `dim In = 2\ndim Out = 3\nmodel M() {\n${text}\nfn forward() -> f32[Out, In] { weight }\n}`,
  Test: text => text.replace('assert ', 'assert true'),
  'Array of layers': text => `${BLOCK}model M() {\n${text}\nfn f(x: f32[D]) -> f32[D] {\nvar y = x\n`
    + 'for b in blocks { y = b(y) }\ny\n}\n}',
  'Run-time size': text => `dim MaxLen = 4\nmodel M() {\nstate s: f32[MaxLen] = zeros\nfn f(length: i32) -> f32 {\n`
    + `${text}\nsum(s[0:N], axis = N)\n}\n}`,
  Route: text => `${BLOCK}model M() {\ntiles = [Block[D](); Layers]\nfn f[B](x: f32[B, D], scores: f32[B, Layers])`
    + ` -> f32[B, D] {\n${text}\n}\n}`,
};
const BLOCK = 'dim D = 2\ndim Layers = 2\nlayer Block[D]() { fn forward[..B](x: f32[..B, D]) -> f32[..B, D] { x } }\n';

test('snippets are programs', () => {
  const snippets = Object.entries(read('snippets/tri.json'));
  assert.equal(snippets.length, Object.keys(SURROUNDINGS).length);
  for (const [name, { body }] of snippets) {
    const program = SURROUNDINGS[name](expanded(body));
    const errors = check(`${program}\n`).filter(line => line.includes(': error['));
    assert.deepEqual(errors, [], `${name}:\n${program}`);
  }
});

test('the problem matcher reads what `triton check` prints', () => {
  const [{ pattern }] = read('package.json').contributes.problemMatchers;
  const found = check('fn f(x: f32) -> f32 {\n    y\n}\n').map(line => new RegExp(pattern.regexp).exec(line));
  const error = found.find(match => match?.[pattern.severity] === 'error');
  assert.ok(error, `nothing matched`);
  assert.deepEqual([error[pattern.file], error[pattern.line], error[pattern.column]], ['a.tri', '2', '5']);
  assert.match(error[pattern.code], /^E\d{4}$/);
  assert.match(error[pattern.message], /`y`/);
});
