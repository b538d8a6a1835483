/**
 * Turns the JSON schema on standard input into the file of types that is named, `types` or `courseTypes`.
 *
 * `types` also gets the version in package.json. With `--check` nothing is written; the exit code tells whether the
 * file is fresh.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';

const name = process.argv[2];
const source = {
  types: 'tinytorch_lab/api/schemas.py',
  courseTypes: 'tinytorch_lab/api/courses/routes.py'
}[name];
const target = fileURLToPath(new URL(`../src/api/${name}.ts`, import.meta.url));
const banner = `// Generated from ${source} by "npm run types"; edit the models there.\n`;

const schema = JSON.parse(await text(process.stdin));
const declarations = await compile(schema, 'Wire', {
  bannerComment: banner,
  format: false
});
// The container exists only to make every model reachable for the generator.
const models = declarations.replace(/export interface Wire \{[^}]*\}\n/, '');
const { version } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8')
);
const constant =
  name === 'types'
    ? `/** The version of this front end. */\nexport const VERSION = '${version}';\n`
    : '';
const generated = await format(models + constant, {
  ...(await resolveConfig(target)),
  parser: 'typescript'
});

if (process.argv.includes('--check')) {
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present !== generated) {
    console.error(
      `labextension/src/api/${name}.ts is stale: run "npm run types".`
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(target, generated);
}
