// The TextMate grammar over the programs of the repository: nothing visible stays without a colour, and a comment or
// string ends where it should, so that the next item is seen as one.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');

async function grammar(scope = 'source.tri') {
  const wasm = readFileSync(join(require.resolve('vscode-oniguruma'), '../onig.wasm'));
  await oniguruma.loadWASM(wasm);
  const onigLib = Promise.resolve({
    createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
    createOnigString: text => new oniguruma.OnigString(text),
  });
  const files = { 'source.tri': 'tri', 'markdown.tri.codeblock': 'codeblock' };
  const loadGrammar = async name => {
    const path = join(root, `grammar/vscode/syntaxes/${files[name]}.tmLanguage.json`);
    return textmate.parseRawGrammar(readFileSync(path, 'utf8'), path);
  };
  return new textmate.Registry({ onigLib, loadGrammar }).loadGrammar(scope);
}

function programs() {
  const folders = ['examples', 'stdlib', 'tests/mistakes'];
  return folders.flatMap(folder => readdirSync(join(root, folder), { recursive: true })
    .filter(name => name.endsWith('.tri'))
    .map(name => join(folder, name)));
}

/** The tokens of a text, line by line. */
function* tokens(grammar, text) {
  let state = textmate.INITIAL;
  for (const [number, line] of text.split(/\r?\n/).entries()) {
    const result = grammar.tokenizeLine(line, state);
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      yield { number, line, text: line.slice(startIndex, endIndex), scopes };
    }
    state = result.ruleStack;
  }
}

test('everything visible has a colour', async () => {
  const tri = await grammar();
  const paths = programs();
  assert.ok(paths.length > 50);
  for (const path of paths) {
    for (const token of tokens(tri, readFileSync(join(root, path), 'utf8'))) {
      const plain = token.scopes.length === 1 && token.text.trim() !== '';
      assert.ok(!plain, `${path}:${token.number + 1}: \`${token.text}\` in \`${token.line}\``);
      assert.ok(!token.scopes.some(scope => scope.startsWith('invalid')), `${path}:${token.number + 1}`);
    }
  }
});

test('words of items are seen wherever a line begins with one', async () => {
  const tri = await grammar();
  const item = /^(use|dim|const|fn|layer|model|test|intrinsic)\b/;
  for (const path of programs()) {
    let line = -1;
    for (const token of tokens(tri, readFileSync(join(root, path), 'utf8'))) {
      const [word] = item.exec(token.line) ?? [];
      if (word && token.number !== line) {
        const place = `${path}:${token.number + 1}: ${token.line}`;
        assert.equal(token.text, word, place);
        assert.match(token.scopes.at(-1), /^(keyword|storage)\./, place);
      }
      line = token.number;
    }
  }
});

test('a fenced program in Markdown is coloured up to its end', async () => {
  const page = 'Text.\n\n```tri file=a.tri\nfn f() {}\n```\nfn\n';
  const found = [...tokens(await grammar('markdown.tri.codeblock'), page)].filter(({ text }) => text === 'fn');
  assert.deepEqual(found.map(({ number, scopes }) => [number, scopes.at(-1)]), [
    [3, 'keyword.other.fn.tri'],
    [5, 'markdown.tri.codeblock'],
  ]);
});
