/** Prints every string that the translator is asked for, as JSON: messages with their plural. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));
const found = new Map();

function add(singular, plural) {
  found.set(singular, plural ?? found.get(singular) ?? null);
}

function literal(node) {
  if (!node || !ts.isStringLiteralLike(node)) {
    throw new Error(`Not a plain string: ${node?.getText() ?? 'nothing'}`);
  }
  return node.text;
}

function visit(node) {
  if (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    /(^|[._])trans$/.test(node.expression.expression.getText())
  ) {
    const [first, second] = node.arguments;
    const method = node.expression.name.text;
    if (method === '__') {
      add(literal(first));
    } else if (method === '_n') {
      add(literal(first), literal(second));
    }
  }
  ts.forEachChild(node, visit);
}

for (const name of (await readdir(`${root}src`, { recursive: true })).sort()) {
  if (/\.tsx?$/.test(name)) {
    const text = await readFile(`${root}src/${name}`, 'utf8');
    visit(ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true));
  }
}

process.stdout.write(JSON.stringify(Object.fromEntries(found), null, 1) + '\n');
